"""Programs that some tests compare with, and keys made by them."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

#: Throw-away keys, and what ssh-keygen says about them in fingerprints.json.
KEYS = Path(__file__).parent / 'data' / 'keys'
#: What opens those that are encrypted.
PASSPHRASE = 'open sésame'

#: What openssl calls each kind of key.
KINDS = {
    'rsa2048': ('RSA', 'rsa_keygen_bits:2048'),
    'rsa3072': ('RSA', 'rsa_keygen_bits:3072'),
    'rsa4096': ('RSA', 'rsa_keygen_bits:4096'),
    'p256': ('EC', 'ec_paramgen_curve:P-256'),
    'p384': ('EC', 'ec_paramgen_curve:P-384'),
    'p521': ('EC', 'ec_paramgen_curve:P-521'),
    'ed25519': ('ED25519', ''),
}
#: The file forms that each kind of key has.
FORMS = {
    kind: (*{'RSA': ('PKCS#1',), 'EC': ('SEC1',)}.get(family, ()), 'PKCS#8', 'OpenSSH')
    for kind, (family, _) in KINDS.items()
}


def lacking(what: str) -> NoReturn:
    """Skip the test on a user's machine; fail it in CI, which installs what tests need."""
    if os.environ.get('CI'):
        pytest.fail(f'{what} is missing, and CI should have installed it', pytrace=False)
    pytest.skip(f'needs {what}')


def need(program: str) -> str:
    """Return the path of a program, or give up the test."""
    return shutil.which(program) or lacking(program)


def node_modules(name: str) -> Path:
    """Return the folder of installed npm packages that has the one named, or give up the test.

    It is looked for in the directory that SMARTDC_NODE names, then in tests/node, where
    `npm install` puts it.
    """
    for place in (os.environ.get('SMARTDC_NODE'), Path(__file__).parent / 'node'):
        if place and (Path(place) / 'node_modules' / name).is_dir():
            return Path(place) / 'node_modules'
    return lacking(f'npm {name} (run npm install in tests/node)')


def run(*command: str, text: str | None = None) -> str:
    """Run a program that must succeed, and return what it printed."""
    need(command[0])
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f'{" ".join(command[:3])}: {done.stderr}'
    return done.stdout


def triton(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the official CLI in this environment."""
    command = [need('node'), str(node_modules('triton') / 'triton' / 'bin' / 'triton')]
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, timeout=60, check=False
    )


def public_line(path: Path) -> str:
    """Return the public key of a plain private key file, as ssh-keygen sees it."""
    return ' '.join(run('ssh-keygen', '-y', '-P', '', '-f', str(path)).split()[:2])


def fingerprint_of(line: str, directory: Path, algorithm: str) -> str:
    """Return the fingerprint that ssh-keygen shows for a public key; 'md5' or 'sha256'."""
    path = directory / 'fingerprint.pub'
    path.write_text(line + '\n')
    return run('ssh-keygen', '-l', '-E', algorithm, '-f', str(path)).split()[1].removeprefix('MD5:')


class KeyMaker:
    """Makes one key of each kind, when first asked, and writes it in any form."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def make(self, kind: str, form: str, passphrase: str = '') -> tuple[Path, str]:
        """Write a key and return its path and its public key line."""
        if (kind, form) == ('ed25519', 'OpenSSH'):
            return self._ed25519(passphrase)
        base = self._base(kind)
        state = 'encrypted' if passphrase else 'plain'
        path = self.directory / f'{kind}-{form.replace("#", "")}-{state}'
        if form == 'OpenSSH':
            shutil.copyfile(base, path)
            path.chmod(0o600)
            run('ssh-keygen', '-q', '-p', '-P', '', '-N', passphrase, '-f', str(path))
        else:
            run('openssl', *_conversion(form, passphrase), '-in', str(base), '-out', str(path))
        return path, self._public(kind, base)

    def _base(self, kind: str) -> Path:
        path = self.directory / f'{kind}-base'
        if not path.exists():
            algorithm, option = KINDS[kind]
            options = ('-pkeyopt', option) if option else ()
            run('openssl', 'genpkey', '-algorithm', algorithm, *options, '-out', str(path))
            path.chmod(0o600)
        return path

    def _public(self, kind: str, base: Path) -> str:
        if kind != 'ed25519':
            return public_line(base)
        # ssh-keygen reads no Ed25519 key in PKCS#8; OpenSSH's form of the public one is simple.
        from cryptography.hazmat.primitives import serialization as ser

        key = ser.load_pem_private_key(base.read_bytes(), None).public_key()
        return key.public_bytes(ser.Encoding.OpenSSH, ser.PublicFormat.OpenSSH).decode()

    def _ed25519(self, passphrase: str) -> tuple[Path, str]:
        path = self.directory / f'ed25519-OpenSSH-{"encrypted" if passphrase else "plain"}'
        if not path.exists():
            command = ('ssh-keygen', '-q', '-t', 'ed25519', '-N', passphrase, '-f', str(path))
            run(*command)
        return path, ' '.join(path.with_suffix('.pub').read_text().split()[:2])


def _conversion(form: str, passphrase: str) -> list[str]:
    lock = ['-passout', f'pass:{passphrase}']
    if form == 'PKCS#8':
        return ['pkcs8', '-topk8', *(lock if passphrase else ['-nocrypt'])]
    command = ['rsa', '-traditional'] if form == 'PKCS#1' else ['ec']
    return [*command, *(['-aes256', *lock] if passphrase else [])]


def is_signature(line: str, algorithm: str, signature: bytes, data: bytes) -> bool:
    """Tell whether the `cryptography` package accepts a signature by a public key line."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    kinds: dict[str, hashes.HashAlgorithm] = {
        'sha1': hashes.SHA1(),
        'sha256': hashes.SHA256(),
        'sha384': hashes.SHA384(),
        'sha512': hashes.SHA512(),
    }
    digest = kinds[algorithm.rpartition('-')[2].lower()]
    key = load_ssh_public_key(line.encode())
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), digest)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(digest))
        else:
            assert isinstance(key, ed25519.Ed25519PublicKey)
            key.verify(signature, data)
    except InvalidSignature:
        return False
    return True
