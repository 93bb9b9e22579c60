"""Client certificates for Docker and CMON, checked by openssl and beside those of the real CLI."""

from __future__ import annotations

import base64
import json
import re
import shutil
import ssl
import stat
import subprocess
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from smartdc import (
    ConfigurationError,
    DataCenter,
    InvalidInput,
    KeyUnsupported,
    TLSError,
    Unsupported,
    profiles,
)
from smartdc.http_signature import HTTPSignatureAuth, Signer
from smartdc.simulator import Simulator, certificate
from tests import agents, pages
from tests.programs import KEYS, need, node_modules, run, triton
from tests.test_retrying import Wrong

RSA, P256, P384, P521 = 'rsa2048-pkcs1.pem', 'p256-sec1.pem', 'p384-sec1.pem', 'p521-sec1.pem'


#: Prints what the library sshpk makes of a certificate.
_READ = """
const [, path, file, signer, own] = process.argv, fs = require('fs'), sshpk = require(path);
const certificate = sshpk.parseCertificate(fs.readFileSync(file), 'pem');
const key = sshpk.parsePrivateKey(fs.readFileSync(signer), 'pem').toPublic();
const name = which => which.components.filter(part => part.name === 'cn')[0].value;
console.log(JSON.stringify({
  signed: certificate.isSignedByKey(key),
  subject: name(certificate.subjects[0]),
  issuer: name(certificate.issuer) === key.fingerprint('md5').toString('base64'),
  own: certificate.subjectKey.fingerprint('sha256').matches(
    sshpk.parsePrivateKey(fs.readFileSync(own), 'pem')),
  purposes: certificate.purposes.sort(),
}));
"""


class _Docker(BaseHTTPRequestHandler):
    """Serves a CA certificate, and nothing else."""

    def do_GET(self) -> None:
        """Answer /ca.pem."""
        self.send_response(200 if self.path == '/ca.pem' else 404)
        self.end_headers()
        self.wfile.write(b'the CA')

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture(scope='module')
def docker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Run a docker service on TLS, and return its URL with the certificate to trust."""
    context, trusted = certificate.make(tmp_path_factory.mktemp('docker'))
    server = HTTPServer(('127.0.0.1', 0), _Docker)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={'poll_interval': 0.05})
    thread.start()
    yield f'tcp://127.0.0.1:{server.server_port}', trusted
    server.shutdown()
    thread.join()
    server.server_close()


class Services(DataCenter):
    """A data center whose services are told to it."""

    told: dict[str, str]

    def _service(self, name: str) -> str:
        return self.told.get(name) or super()._service(name)


@pytest.fixture
def dc(cloud: Simulator, docker: tuple[str, Path]) -> Iterator[Services]:
    """Yield a data center with the services docker and cmon; an RSA key signs."""
    with Services(cloud.url(), None, KEYS / RSA, login='acme', verify=str(docker[1])) as dc:
        dc.clock = cloud.clock
        dc.told = {'docker': docker[0], 'cmon': 'https://cmon.example.com:9163'}
        yield dc


def shown(path: Path) -> str:
    """Return what openssl says of a certificate."""
    return run('openssl', 'x509', '-noout', '-text', '-in', str(path))


def is_signed_by(path: Path, name: str, folder: Path) -> bool:
    """Tell whether openssl accepts the signature of a certificate by one of the fixed keys.

    An issuer of that name is made around the key, as the services have only the key itself.
    """
    digest = bytes.fromhex(Signer(KEYS / name).fingerprint.replace(':', ''))
    issuer = 'MD5:' + base64.b64encode(digest).decode().rstrip('=')
    issuer = re.sub('([/+])', r'\\\1', issuer)
    ca = folder / 'issuer.pem'
    run(
        'openssl', 'req', '-x509', '-key', str(KEYS / name), '-subj', f'/CN={issuer}',
        '-addext', 'basicConstraints=critical,CA:TRUE', '-days', '9999', '-out', str(ca),
    )  # fmt: skip
    command = ['openssl', 'verify', '-no_check_time', '-CAfile', str(ca), str(path)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize('name', [RSA, P256, P384, P521])
def test_docker_setup(dc: Services, tmp_path: Path, name: str) -> None:
    """The files are those of the CLI; the key is new, private, and certified by the SSH key."""
    dc.auth = HTTPSignatureAuth(None, KEYS / name, login='acme')
    env = dc.docker_setup(tmp_path / 'docker')
    folder = tmp_path / 'docker'

    assert ['ca.pem', 'cert.pem', 'key.pem', 'setup.json'] == sorted(
        path.name for path in folder.iterdir()
    )
    assert {
        'DOCKER_CERT_PATH': str(folder),
        'DOCKER_HOST': dc.told['docker'],
        'DOCKER_TLS_VERIFY': '1',
        'COMPOSE_HTTP_TIMEOUT': '300',
    } == env
    assert b'the CA' == (folder / 'ca.pem').read_bytes()
    assert 0o600 == stat.S_IMODE((folder / 'key.pem').stat().st_mode)
    assert is_signed_by(folder / 'cert.pem', name, tmp_path)
    assert not is_signed_by(folder / 'cert.pem', RSA if name != RSA else P256, tmp_path)
    ssl.create_default_context().load_cert_chain(folder / 'cert.pem', folder / 'key.pem')


@pytest.mark.parametrize(
    'who',
    [
        {'account': 'acme'},
        {'account': 'acme', 'user': 'sub'},
        {'account': 'boss', 'act_as': 'acme'},
    ],
)
def test_docker_setup_is_where_triton_has_it(
    docker: tuple[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, who: dict[str, Any]
) -> None:
    """Without a directory, the files of a profile are those that its own command makes."""
    public, fingerprint = Signer(KEYS / RSA).public_key, Signer(KEYS / RSA).fingerprint
    keys = [{'name': 'laptop', 'key': public}]
    policies = [{'name': 'all', 'rules': ['CAN *']}]
    member = {'members': ['sub'], 'policies': ['all'], 'name': 'role'}
    acme = {
        'login': 'acme',
        'users': [{'login': 'sub', 'keys': keys}],
        'roles': [member],
        'policies': policies,
        'role_tags': {'/services': ['role']},
    }
    world = {
        'accounts': [acme, {'login': 'boss', 'operator': True, 'keys': keys}],
        'services': {'docker': docker[0]},
    }
    monkeypatch.setenv('NODE_EXTRA_CA_CERTS', str(docker[1]))
    (tmp_path / '.ssh').mkdir()
    shutil.copyfile(KEYS / RSA, tmp_path / '.ssh' / 'id_rsa')
    (tmp_path / '.ssh' / 'id_rsa').chmod(0o600)
    with Simulator(world, public_key=public) as cloud:
        profiles.save('mine', url=f'{cloud.url()}/', key_id=fingerprint, **who)
        profiles.set_current('mine')
        done = triton('profile', 'docker-setup', '-y')
        assert 0 == done.returncode, done.stderr
        (folder,) = (tmp_path / '.triton' / 'docker').iterdir()
        made = sorted(path.name for path in folder.iterdir())
        theirs = json.loads((folder / 'setup.json').read_text())['env']
        shutil.rmtree(folder)
        with DataCenter.from_profile('mine', verify=docker[1]) as sdc:
            env = sdc.docker_setup()

    assert made == sorted(path.name for path in folder.iterdir())
    theirs.pop('DOCKER_CLIENT_TIMEOUT', None)  # for Docker before 1.9, or where it finds none
    assert theirs == env
    assert f'export DOCKER_CERT_PATH={folder}\n' in triton('env', '-d').stdout


def test_the_page_on_profiles_runs(dc: Services, tmp_path: Path) -> None:
    """Its block makes both, with `sdc` as a console has it."""
    pages.run(pages.ROOT / 'docs' / 'profiles.rst', tmp_path, sdc=dc)

    assert (Path.home() / 'cmon' / 'cmon-acme-prometheus.yml').exists()
    assert 4 == len(list((Path.home() / '.triton' / 'docker').glob('acme@*/*')))


@pytest.mark.parametrize('name', [RSA, P256, P384, P521])
def test_the_services_own_library_reads_it(dc: Services, tmp_path: Path, name: str) -> None:
    """What CMON and Docker parse certificates with finds names, purposes and signature in it."""
    dc.auth = HTTPSignatureAuth(None, KEYS / name, login='acme')
    dc.cmon_certificate(tmp_path)
    found = run(
        need('node'),
        '-e',
        _READ,
        str(node_modules('triton') / 'sshpk'),
        str(tmp_path / 'cmon-acme-cert.pem'),
        str(KEYS / name),
        str(tmp_path / 'cmon-acme-key.pem'),
    )

    assert {
        'signed': True,
        'subject': 'acme',
        'issuer': True,
        'own': True,
        'purposes': ['clientAuth', 'identity', 'joyentCmon', 'keyAgreement', 'signature'],
    } == json.loads(found)


def test_what_the_certificate_says(dc: Services, tmp_path: Path) -> None:
    """Names, times and purposes are those that the services look at."""
    start = datetime.fromtimestamp(dc.clock.now() - 300, UTC)
    begins, ends = (
        f'{day:%b} {day.day:2} {day:%H:%M:%S %Y}' for day in (start, start + timedelta(days=10))
    )
    config = dc.cmon_certificate(tmp_path, days=10)
    dc.docker_setup(tmp_path / 'docker')
    cmon, docker = (
        shown(path) for path in (tmp_path / 'cmon-acme-cert.pem', tmp_path / 'docker' / 'cert.pem')
    )

    assert tmp_path / 'cmon-acme-prometheus.yml' == config
    for text in (cmon, docker):
        assert re.search(r'Subject: CN ?= ?acme\n', text)
        assert re.search(r'Issuer: CN ?= ?MD5:EDvelrK4fhuGqRz7Wnj7jg\n', text)
        assert f'Not Before: {begins}' in text
        assert 'CA:FALSE' in text
        assert 'prime256v1' in text
    assert f'Not After : {ends}' in cmon
    assert 'TLS Web Client Authentication, 1.3.6.1.4.1.38678.1.4.2\n' in cmon
    assert 'TLS Web Client Authentication, 1.3.6.1.4.1.38678.1.4.1\n' in docker
    assert 'Digital Signature, Non Repudiation, Key Agreement\n' in cmon
    assert 'Digital Signature, Key Agreement\n' in docker


def test_certificates_begin_by_the_servers_clock(
    sdc: DataCenter, cloud: Simulator, dc: Services, tmp_path: Path
) -> None:
    """With a clock that is an hour fast they would be of no use until then."""
    sdc.add_key('rsa', Signer(KEYS / RSA).public_key)
    own: dict[str, Any] = {'secret': KEYS / RSA, 'login': 'acme', 'verify': dc.verify}
    with Services(cloud.url(), None, clock=Wrong(cloud, 3600), **own) as fast:
        fast.told = dc.told
        with pytest.warns(match='clock'):
            fast.keys()
        fast.cmon_certificate(tmp_path)
        fast.docker_setup(tmp_path)

    # A server tells its time in whole seconds.
    seconds = [cloud.clock.now() - 300 - late for late in (0, 1, 2)]
    starts = [f'{datetime.fromtimestamp(each, UTC):%b %d %H:%M:%S %Y}' for each in seconds]
    for name in ('cmon-acme-cert.pem', 'cert.pem'):
        (told,) = re.findall('Not Before: (.*) GMT', shown(tmp_path / name))
        assert re.sub(r' +(\d) ', r' 0\1 ', told) in starts


def test_prometheus_is_ready(dc: Services, tmp_path: Path) -> None:
    """Its configuration names the service, the account and the files; made again, all is new."""
    config = dc.cmon_certificate(tmp_path)
    text, key = config.read_text(), (tmp_path / 'cmon-acme-key.pem').read_bytes()

    for line in ('endpoint: "cmon.example.com"', 'account: "acme"', 'job_name: "triton-acme"'):
        assert line in text
    assert 2 == text.count('cert_file: "cmon-acme-cert.pem"')
    assert 2 == text.count('key_file: "cmon-acme-key.pem"')
    assert 'insecure' not in text
    dc.verify = False
    assert 2 == dc.cmon_certificate(tmp_path).read_text().count('insecure_skip_verify: true')
    assert key != (tmp_path / 'cmon-acme-key.pem').read_bytes()
    masquerading = dc.acting(act_as='other')
    assert 'cmon-other-prometheus.yml' == masquerading.cmon_certificate(tmp_path).name


def test_prometheus_is_told_what_triton_tells_it(
    agent: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The configuration has the lines of the CLI's, and the files have its names."""
    need('ssh-add')
    public = Signer(KEYS / RSA).public_key
    agents.add(RSA, agent)
    (tmp_path / '.ssh').mkdir()
    world = {'services': {'cmon': 'https://cmon.example.com:9163'}}
    with Simulator(world, public_key=public) as cloud:
        profiles.save(
            'mine', url=cloud.url(), account=cloud.account, key_id=Signer(KEYS / RSA).fingerprint
        )
        monkeypatch.chdir(agent)
        done = triton('-p', 'mine', 'profile', 'cmon-certgen', '-y')
        assert '' == done.stderr
        with DataCenter.from_profile('mine') as sdc:
            ours = sdc.cmon_certificate(tmp_path / 'cmon')

    def told(path: Path) -> list[str]:
        return [line.strip() for line in path.read_text().replace('"', '').splitlines()]

    assert told(agent / ours.name) == told(ours)
    assert {path.name for path in agent.glob('cmon-*')} == {
        path.name for path in (tmp_path / 'cmon').iterdir()
    }


def test_an_agent_signs_certificates(dc: Services, agent: Path, tmp_path: Path) -> None:
    """The key need not be in a file."""
    need('ssh-add')
    agents.add(P256, agent)
    (agent / P256).unlink()
    dc.auth = HTTPSignatureAuth(Signer(KEYS / P256).fingerprint, None, login='acme')
    dc.cmon_certificate(tmp_path)

    assert is_signed_by(tmp_path / 'cmon-acme-cert.pem', P256, tmp_path)


def test_an_ed25519_key_is_refused(cloud: Simulator, sdc: DataCenter, tmp_path: Path) -> None:
    """Docker and CMON do not take what it signs, so nothing is asked and nothing written."""
    for make in (sdc.docker_setup, sdc.cmon_certificate):
        with pytest.raises(KeyUnsupported, match=r'Ed25519.*RSA or ECDSA'):
            make(tmp_path / 'x')

    assert not cloud.requests
    assert not (tmp_path / 'x').exists()


def test_what_cannot_be_made(
    cloud: Simulator, sdc: DataCenter, dc: Services, tmp_path: Path
) -> None:
    """A service that is not there, a CA that is not trusted and a bad place are errors."""
    sdc.add_key('rsa', Signer(KEYS / RSA).public_key)
    with cloud.datacenter(key_id=None, secret=KEYS / RSA, login='acme') as plain:
        with pytest.raises(Unsupported, match='no service cmon'):
            plain.cmon_certificate(tmp_path)
        plain.auth = None
        with pytest.raises(ConfigurationError, match='SSH key'):
            plain.cmon_certificate(tmp_path)
    signer = Signer(KEYS / RSA)
    own: dict[str, Any] = {
        'key_id': f'/acme/keys/{signer.fingerprint}',
        'secret': KEYS / RSA,
        'login': None,
    }
    with cloud.datacenter(**own) as mine:
        assert ('my', 'acme') == (mine.login, mine._whose())
    (tmp_path / 'file').write_text('')
    with pytest.raises(ConfigurationError, match='cannot make'):
        dc.cmon_certificate(tmp_path / 'file')
    (tmp_path / 'cmon-acme-key.pem').mkdir()
    with pytest.raises(ConfigurationError, match='cannot write'):
        dc.cmon_certificate(tmp_path)
    with pytest.raises(InvalidInput, match='login'):
        dc.acting(act_as='../x').cmon_certificate(tmp_path)
    host = dc.told['docker']
    dc.told['docker'] = f'{host}/x'
    dc.docker_setup(tmp_path / 'ok')
    dc.verify = True
    with pytest.raises(TLSError):
        dc.docker_setup(tmp_path / 'none')
    assert not (tmp_path / 'none').exists()
