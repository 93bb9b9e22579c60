"""Client certificates for the services beside CloudAPI: Docker and the monitoring, CMON.

A fresh key gets a certificate that the account's SSH key signed, in the ssh-agent or in a file.
"""

from __future__ import annotations

import base64
import datetime
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from smartdc.answers import an_object, refuse
from smartdc.connection import Connection
from smartdc.errors import (
    ConfigurationError,
    InvalidInput,
    InvalidResponse,
    KeyUnsupported,
    Unsupported,
)
from smartdc.given import count_of, path_of
from smartdc.http_signature import HTTPSignatureAuth, Key

if TYPE_CHECKING:
    import requests
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric import ec

Place = str | os.PathLike[str]

#: What a certificate says it is for, so that one is of no use for the other service.
DOCKER, CMON = '1.3.6.1.4.1.38678.1.4.1', '1.3.6.1.4.1.38678.1.4.2'
#: Days that certificates are good for, as the triton CLI makes them.
LIFETIME = 3650
#: A hundred years: more is a mistake.
_LONGEST = 36500
#: Bytes that a certificate's name may have.
_NAME_LIMIT = 64
#: As much as CloudAPI lets clocks differ.
_BACKDATED = datetime.timedelta(minutes=5)


class Certificates(Connection):
    """The services beside CloudAPI that want a client certificate."""

    __slots__ = ()

    def docker_setup(
        self, directory: Place | None = None, *, days: int = LIFETIME
    ) -> dict[str, str]:
        """Write what a docker client needs, and return the environment that it is to run with.

        `GET /:login/services`, since 7.3, and the service's own `/ca.pem`. In `directory` are
        key.pem, a fresh private key, cert.pem, its certificate, good for `days`, ca.pem and
        setup.json, as the triton CLI makes them; without one it is where the CLI keeps them for
        this data center and account, so that `triton env --docker` finds them, and
        `python -m smartdc env --docker` too. The account's SSH key signs, wherever it is; that
        takes the extra `certs`. Raises KeyUnsupported for an Ed25519 key, Unsupported where there
        is no such service.
        """
        span = _span(days)
        signer, host = _signer(self), self._service('docker')
        key, certificate = _issued(signer, self._whose(), DOCKER, self._date(), span)
        url = f'https://{urlsplit(host).netloc}/ca.pem'
        response, authority = self._send('GET', url, None, {})
        refuse(response, authority, self.clock.now())
        folder = _made(self._docker_directory() if directory is None else directory)
        env: dict[str, str | None] = {
            'DOCKER_CERT_PATH': str(folder),
            'DOCKER_HOST': host,
            'DOCKER_TLS_VERIFY': None if self.verify is False else '1',
            'COMPOSE_HTTP_TIMEOUT': '300',
        }
        _write(folder / 'key.pem', key, secret=True)
        _write(folder / 'cert.pem', certificate)
        _write(folder / 'ca.pem', authority)
        _write(folder / 'setup.json', json.dumps({'env': env}, indent=4).encode())
        return {name: value for name, value in env.items() if value is not None}

    def cmon_certificate(self, directory: Place, *, days: int = LIFETIME) -> Path:
        """Write what Prometheus needs to read the machines' metrics; return its configuration.

        `GET /:login/services`, since 7.3. In `directory` are cmon-LOGIN-key.pem, a fresh private
        key, cmon-LOGIN-cert.pem, its certificate, good for `days`, and cmon-LOGIN-prometheus.yml,
        which names both. The rest is as for `docker_setup`.
        """
        span = _span(days)
        signer, host = _signer(self), urlsplit(self._service('cmon')).hostname or ''
        account = self._whose()
        key, certificate = _issued(signer, account, CMON, self._date(), span)
        folder, stub = _made(directory), f'cmon-{account}'
        config = folder / f'{stub}-prometheus.yml'
        _write(folder / f'{stub}-key.pem', key, secret=True)
        _write(folder / f'{stub}-cert.pem', certificate)
        _write(config, _prometheus(account, host, stub, check=self.verify is not False).encode())
        return config

    def _docker_directory(self) -> Path:
        from smartdc.profiles.places import docker_directory

        url = self.location if '://' in (self.location or '') else self.base_url
        key_id = _auth(self).key()[0]
        user = key_id.split('/')[3] if key_id.split('/')[2] == 'users' else None
        return docker_directory(str(url), self._whose(), user)

    def _service(self, name: str) -> str:
        def read(data: Any, response: requests.Response) -> str:
            services = an_object(data, response)
            if not services.get(name):
                has = ', '.join(sorted(services))
                raise Unsupported(f'this data center has no service {name}: it has {has}')
            return _url(services[name])

        found: str = self._call('GET', '/services', read=read)
        return found

    def _whose(self) -> str:
        """Return the login of the account whose machines are meant."""
        if self.act_as or self.login != 'my':
            return self.act_as or self.login
        found: str = self._call('GET', '', read=_login)
        return found


def _login(data: Any, response: requests.Response) -> str:
    login = an_object(data, response).get('login')
    if not login or not isinstance(login, str):
        raise InvalidResponse(f'the account has the login {login!r}, which is none')
    return login


def _url(given: str) -> str:
    parts = urlsplit(given)
    if not parts.hostname or parts.port == 0 or not given.isprintable() or ' ' in given:
        raise InvalidResponse(f'a service has the address {given!r}, which is no URL')
    return given


def _span(days: int) -> datetime.timedelta:
    return datetime.timedelta(days=count_of('days=', days, 1, _LONGEST))


def _issued(
    signer: Key, account: str, purpose: str, now: float, span: datetime.timedelta
) -> tuple[bytes, bytes]:
    """Return a fresh private key and its certificate, both in PEM."""
    too_long = len(account.encode()) > _NAME_LIMIT
    if '/' in account or account in ('', '.', '..') or too_long:
        raise InvalidInput(f'not a login: {account!r}')
    try:
        from cryptography.hazmat.primitives import serialization as form
        from cryptography.hazmat.primitives.asymmetric import ec
    except ImportError:
        raise ConfigurationError(
            "certificates need the package `cryptography`: pip install 'smartdc[certs]'"
        ) from None
    key = ec.generate_private_key(ec.SECP256R1())
    start = datetime.datetime.fromtimestamp(int(now), datetime.UTC) - _BACKDATED
    builder = _builder(key, account, signer, purpose).not_valid_before(start)
    certificate = _signed(builder.not_valid_after(start + span), signer)
    private = key.private_bytes(
        form.Encoding.PEM, form.PrivateFormat.TraditionalOpenSSL, form.NoEncryption()
    )
    return private, certificate


def _auth(sdc: Connection) -> HTTPSignatureAuth:
    if not isinstance(sdc.auth, HTTPSignatureAuth):
        raise ConfigurationError('certificates are signed by an SSH key: pass key_id= and secret=')
    return sdc.auth


def _signer(sdc: Connection) -> Key:
    key = _auth(sdc).key()[1]
    if key.algorithm.startswith('ed25519'):
        raise KeyUnsupported(
            'An Ed25519 key cannot sign certificates that Docker and CMON take: use an RSA or'
            ' ECDSA key of the account for this.'
        )
    return key


def _builder(
    key: ec.EllipticCurvePrivateKey, account: str, signer: Key, purpose: str
) -> x509.CertificateBuilder:
    from cryptography import x509

    usage = x509.KeyUsage(True, purpose == CMON, False, False, True, False, False, False, False)
    purposes = [x509.oid.ExtendedKeyUsageOID.CLIENT_AUTH, x509.ObjectIdentifier(purpose)]
    return (
        x509.CertificateBuilder()
        .subject_name(_name(account))
        .issuer_name(_name(_short(signer.fingerprint)))
        .public_key(key.public_key())
        .serial_number(int.from_bytes(os.urandom(8)) >> 1 | 1)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.ExtendedKeyUsage(purposes), critical=True)
    )


def _name(text: str) -> x509.Name:
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _short(fingerprint: str) -> str:
    """Return an MD5 fingerprint as the services look for it: in base64, without padding."""
    digest = bytes.fromhex(fingerprint.replace(':', ''))
    return 'MD5:' + base64.b64encode(digest).decode('ascii').rstrip('=')


def _signed(builder: x509.CertificateBuilder, signer: Key) -> bytes:
    """Return a certificate with the signature of a key that can do no more than sign.

    A throw-away key of the same kind signs first, and its signature is replaced.
    """
    from Crypto.Util.asn1 import DerBitString, DerSequence
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    digest = hashes.SHA512() if signer.algorithm.endswith('512') else hashes.SHA256()
    other: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    if signer.algorithm.startswith('rsa'):
        other = rsa.generate_private_key(65537, 2048)
    else:
        other = ec.generate_private_key(ec.SECP256R1())
    draft = builder.sign(other, digest)
    parts: Any = DerSequence().decode(draft.public_bytes(serialization.Encoding.DER))
    signature = DerBitString(signer.sign(draft.tbs_certificate_bytes)).encode()
    done = DerSequence([parts[0], parts[1], signature]).encode()
    certificate = x509.load_der_x509_certificate(done)
    return certificate.public_bytes(serialization.Encoding.PEM)


def _prometheus(account: str, host: str, stub: str, *, check: bool) -> str:
    """Return a configuration that Prometheus runs with as it is."""
    tls = {'cert_file': f'{stub}-cert.pem', 'key_file': f'{stub}-key.pem'}
    files = [f'{name}: {json.dumps(value)}' for name, value in tls.items()]
    files += [] if check else ['insecure_skip_verify: true']
    return '\n'.join(
        [
            'global:',
            '  scrape_interval: 15s',
            '  scrape_timeout: 10s',
            '  evaluation_interval: 15s',
            'scrape_configs:',
            f'  - job_name: {json.dumps(f"triton-{account}")}',
            '    scheme: https',
            '    tls_config:',
            *(f'      {line}' for line in files),
            '    relabel_configs:',
            '      - source_labels: [__meta_triton_machine_alias]',
            '        target_label: alias',
            '      - source_labels: [__meta_triton_machine_id]',
            '        target_label: instance',
            '    triton_sd_configs:',
            f'      - account: {json.dumps(account)}',
            f'        dns_suffix: {json.dumps(host)}',
            f'        endpoint: {json.dumps(host)}',
            '        version: 1',
            '        tls_config:',
            *(f'          {line}' for line in files),
            '',
        ]
    )


def _made(directory: Place) -> Path:
    folder = path_of('the directory', directory).absolute()
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(f'cannot make {folder}: {error.strerror or error}') from None
    return folder


def _write(path: Path, data: bytes, *, secret: bool = False) -> None:
    """Write a file anew; a secret one is never readable by others, not even at first."""
    try:
        path.unlink(missing_ok=True)
        mode = 0o600 if secret else 0o644
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), 'wb') as file:  # noqa: PTH123 - a descriptor
            file.write(data)
    except OSError as error:
        raise ConfigurationError(f'cannot write {path}: {error.strerror or error}') from None
