"""The triton command's rbac group against the simulator."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.programs import need, node_modules
from tests.simulator.signer import Signer
from tests.test_other_clients import Served

BOB = Signer('acme/users/bob')
FINGERPRINT = BOB.key_id.rpartition('/')[2]

#: What the commands read, by the name of the file.
FILES: dict[str, Any] = {
    'user.json': {
        'login': 'bob',
        'email': 'bob@acme.example',
        'password': 'secret123',
        'firstName': 'Bob',
    },
    'policy.json': {'name': 'look', 'description': 'read', 'rules': ['CAN listmachines']},
    'role.json': {
        'name': 'dev',
        'members': [{'type': 'subuser', 'login': 'bob', 'default': True}],
        'policies': [{'name': 'look'}],
    },
    'bad.json': {'name': 'bad', 'rules': ['CAN']},
    'rbac.json': {
        'users': [{'login': 'amy', 'email': 'amy@acme.example', 'keys': []}],
        'policies': [{'name': 'stop', 'rules': ['CAN stopmachine', 'CAN startmachine']}],
        'roles': [{'name': 'ops', 'members': [{'type': 'subuser', 'login': 'amy'}]}],
    },
}

#: Each command in turn, and a pattern of what it prints; all must exit with 0.
COMMANDS = [
    ('rbac user -a user.json', r'Created user "bob"'),
    ('rbac users', r'LOGIN +EMAIL +NAME +CDATE\nbob +bob@acme\.example +Bob +\d{4}-'),
    ('rbac user bob', r'id: \S+\nlogin: bob\nemail: bob@acme\.example\nfirstName: Bob\n'),
    ('rbac key -a -n laptop bob bob.pub', rf'Added user bob key "{FINGERPRINT}" \(laptop\)'),
    ('rbac keys bob', rf'FINGERPRINT +NAME\n{FINGERPRINT} +laptop'),
    ('rbac keys -j bob', r'"name":"laptop"'),
    ('rbac key bob laptop', re.escape(BOB.public)),
    ('rbac policy -a policy.json', r'Created policy "look"'),
    ('rbac policies', r'look +read +1'),
    ('rbac policy look', r'name: look\n(.*\n)*rules:\n +CAN listmachines'),
    ('rbac role -a role.json', r'Created role "dev"'),
    ('rbac roles', r'NAME +POLICIES +MEMBERS\ndev +look +acme/bob'),
    (
        'rbac role dev',
        r'name: +dev\nmembers:\n(.*\n)+ +login: +bob\npolicies:\n(.*\n)+ +name: +look',
    ),
    ('rbac role -j dev', r'"policies":\[\{"name":"look","id":"\S+"\}\]'),
    ('rbac user -r -k bob', rf'roles:\n +dev\ndefault_roles:\n +dev\nkeys:\n +{FINGERPRINT}'),
    ('rbac info', r'users \(1\):\n +bob \(Bob\): role(.*\n)+roles \(1\):\n +dev: policy'),
    ('rbac role-tags -y -s dev /acme/machines', r'Setting role tags on resource'),
    ('rbac role-tags /acme/machines', r'^dev\n'),
    ('rbac role-tags -j /acme/machines', r'\["dev"\]'),
    ('inst create -w -n web0 base-64-lts g1-small', r'Created instance web0'),
    ('rbac instance-role-tags -a dev web0', r'Adding 1 role tag \(dev\) to instance "web0"'),
    ('rbac instance-role-tags web0', r'^dev\n'),
    ('rbac image-role-tags -y -s dev base-64-lts', r'Setting role tags on image'),
    ('rbac image-role-tags base-64-lts', r'^dev\n'),
    ('rbac package-role-tags -y -s dev g1-small', r'Setting role tags on package'),
    ('rbac network-role-tags -y -s dev MNX-Triton-Public', r'Setting role tags on network'),
    ('rbac instance-role-tags -y -d dev web0', r'Deleting 1 role tag \(dev\)'),
    ('rbac role-tags -y -D /acme/machines', r'Deleting all role tags'),
    ('rbac role-tags /acme/machines', r'^$'),
    ('rbac apply -n -y', r'\[dry-run\] create user amy'),
    ('rbac role -d -y dev', r'Deleted role "dev"'),
    ('rbac policy -d -y look', r'Deleted policy "look"'),
    ('rbac key -d -y bob laptop', r'Deleted user bob key "laptop"'),
    (
        'rbac apply -y',
        r'Created user amy .*\n(.*\n)*Created policy stop \(2 rules\)\nCreated role ops',
    ),
    ('rbac user -d -y amy', r'Deleted user "amy"'),
    ('cloudapi -X POST -d {} /acme/accesskeys', r'"status": "Active"'),
    ('cloudapi /acme/accesskeys', r'"accesskeysecret": "\S+"'),
]


@pytest.fixture(scope='module')
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Serve a simulator as its command does, beside the files that the commands read."""
    need('node')
    served = Served(tmp_path_factory.mktemp('home'))
    for name, content in FILES.items():
        (served.home / name).write_text(json.dumps(content))
    (served.home / 'bob.pub').write_text(BOB.public)
    yield served
    assert served.stop() == 0


def triton(served: Served, line: str) -> str:
    """Return what a triton command prints."""
    program = node_modules('triton') / 'triton' / 'bin' / 'triton'
    return served.call(str(program), *line.split())


def test_triton_sets_up_access_for_a_team(served: Served) -> None:
    """Each command of the rbac group exits with 0 and prints what it is documented to."""
    for line, pattern in COMMANDS:
        printed = triton(served, line)
        assert re.search(pattern, printed), f'{line}: {printed}'


@pytest.fixture
def eve(served: Served) -> Iterator[str]:
    """Make a sub-user who may list machines in a role, and yield what makes triton act as it."""
    signer = Signer('acme/users/eve')
    private = signer.key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    for name, data in (('eve', private), ('eve.pub', signer.public.encode())):
        (served.key.parent / name).write_bytes(data)
        (served.key.parent / name).chmod(0o600)
    with served.datacenter() as sdc:
        sdc.create_user(login='eve', email='eve@acme.example', password='secret123')
        sdc.add_user_key('eve', 'triton', signer.public)
        sdc.create_policy('list', 'CAN listmachines')
        sdc.create_role('lister', members=['eve'], policies=['list'])
        sdc.set_role_tags('machines', ['lister'])
        yield f'-u eve -k {signer.key_id.rpartition("/")[2]}'
        sdc.delete_role('lister')
        sdc.delete_policy('list')
        sdc.delete_user('eve')


def test_a_sub_user_works_with_triton(served: Served, eve: str) -> None:
    """A sub-user lists machines in a role it takes up, and is refused all else by name."""
    assert triton(served, f'{eve} -r lister inst list -o name').startswith('NAME')
    for line, refused in (
        (f'{eve} inst list', '/acme/machines (listmachines)'),
        (f'{eve} -r lister rbac users', '/acme/users (listusers)'),
    ):
        with pytest.raises(AssertionError) as caught:
            triton(served, line)
        assert f'You do not have permission to access {refused}' in str(caught.value)
