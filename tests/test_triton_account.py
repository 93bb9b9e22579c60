"""The triton command's account, key, package, image and overview commands, on the simulator."""

import json
import re
from pathlib import Path

from tests.programs import need, node_modules
from tests.simulator.signer import Signer
from tests.test_other_clients import Served

LAPTOP = Signer('acme/laptop')
FINGERPRINT = LAPTOP.key_id.rpartition('/')[2]

#: Each command in turn, and a pattern of what it prints; all must exit with 0.
COMMANDS = [
    ('account get', r'^id: \S{36}\nlogin: acme\nemail: acme@example\.com\n'),
    ('account get -j', r'"login":"acme"'),
    ('account limits', r'^TYPE +USED +LIMIT\n$'),
    ('account limits -j', r'^\[\]\n$'),
    ('account update phone=123', r'^Updated account "acme" \(fields: phone\)\n$'),
    ('account update -f account.json', r'^Updated account "acme" \(fields: city\)\n$'),
    ('account get', r'(?s)city: Rome\n.*phone: 123\n'),
    ('key add -n laptop laptop.pub', rf'^Added key "laptop" \({FINGERPRINT}\)\n$'),
    ('key list', rf'FINGERPRINT +NAME\n(.*\n)*{FINGERPRINT} +laptop\n'),
    ('key list -A', re.escape(LAPTOP.public)),
    ('key list -j', rf'"name":"laptop","fingerprint":"{FINGERPRINT}"'),
    ('key get laptop', f'^{re.escape(LAPTOP.public)}$'),
    (f'key get {FINGERPRINT}', f'^{re.escape(LAPTOP.public)}$'),
    ('key delete -y laptop', r'^Deleted key "laptop"\n$'),
    ('package list', r'SHORTID +NAME +MEMORY +SWAP +DISK +VCPUS\n(.*\n)*\S{8} +g1-small +1G +4G'),
    ('package list -j memory=1024', r'^\{[^\n]*"name":"g1-small"[^\n]*\}\n$'),
    ('package get g1-small', r'"memory": 1024,'),
    ('image list', r'SHORTID +NAME +VERSION +FLAGS +OS +TYPE +PUBDATE\n(.*\n)*\S{8} +debian-12 '),
    ('image get base-64-lts', r'"version": "24\.4\.1",'),
    ('network list', r'SHORTID +NAME +SUBNET +GATEWAY +FABRIC +VLAN +PUBLIC\n'),
    ('datacenters', r'^NAME +URL\nus-east-1 +http://\S+\nus-sw-1 +http://\S+\n$'),
    ('services', r'^NAME +ENDPOINT\ncloudapi +http://\S+\n$'),
    ('info', r'(?s)^login: acme\nname: .*instances: 0\n$'),
    ('cloudapi /--ping', r'"ping": "pong"'),
    ('cloudapi /acme/config', r'^\{\}\n'),
]


def test_triton_shows_an_account_and_what_it_may_use(tmp_path: Path) -> None:
    """Each command exits with 0 and prints what it is documented to."""
    need('node')
    program = node_modules('triton') / 'triton' / 'bin' / 'triton'
    served = Served(tmp_path)
    (served.home / 'account.json').write_text(json.dumps({'city': 'Rome'}))
    (served.home / 'laptop.pub').write_text(LAPTOP.public)
    try:
        for line, pattern in COMMANDS:
            printed = served.call(str(program), *line.split())
            assert re.search(pattern, printed), f'{line}: {printed}'
    finally:
        assert 0 == served.stop()
