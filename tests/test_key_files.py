"""Private keys in every file form, fixed ones and ones that real programs make here."""

from __future__ import annotations

import base64
import json
import math
import os
import pickle
import pty
import shlex
import shutil
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from smartdc import signing
from smartdc.errors import (
    InvalidInput,
    KeyUnreadable,
    KeyUnsupported,
    NotAPrivateKey,
    PassphraseRequired,
    SigningError,
    WrongPassphrase,
)
from smartdc.http_signature import Signer
from smartdc.key_files import read_private_key, read_public_blob
from tests.programs import FORMS, KEYS, PASSPHRASE, KeyMaker, fingerprint_of, is_signature, run

KNOWN: dict[str, dict[str, str]] = json.loads((KEYS / 'fingerprints.json').read_text())
ENCRYPTED = [path.name for path in sorted(KEYS.glob('*encrypted*'))]
SHOWN_BY_SSH_KEYGEN = KNOWN['rsa2048-pkcs1.pem']['fingerprint']
PUTTY = 'PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\nComment: x\r\n'


@pytest.fixture(scope='module')
def maker(tmp_path_factory: pytest.TempPathFactory) -> KeyMaker:
    """Make keys in a directory that this module's tests share."""
    return KeyMaker(tmp_path_factory.mktemp('keys'))


def text_of(name: str) -> str:
    """Return the content of one of the fixed keys."""
    return (KEYS / name).read_text()


def assert_keeps_secrets(error: BaseException, content: str) -> None:
    """Check that no piece of the key's text can be read in an error or its traceback."""
    shown = ''.join(traceback.format_exception(error))
    pieces = [line[:16] for line in content.split() if len(line) > 32]
    assert [] == [piece for piece in pieces if piece in shown]


@pytest.mark.parametrize('name', KNOWN)
def test_fixed_keys_have_the_fingerprints_that_ssh_keygen_shows(name: str) -> None:
    """Each plain file form gives the fingerprints and the public key that OpenSSH gives."""
    signer = Signer(KEYS / name)
    shown = {field: getattr(signer, field) for field in KNOWN[name]}
    assert KNOWN[name] == shown


@pytest.mark.parametrize('name', [*KNOWN, 'ed25519-pkcs8.pem'])
def test_signatures_of_fixed_keys_are_good(name: str) -> None:
    """The `cryptography` package accepts what each key signs."""
    signer = Signer(str(KEYS / name))
    assert is_signature(signer.public_key, signer.algorithm, signer.sign(b'data'), b'data')


@pytest.mark.parametrize('name', ENCRYPTED)
@pytest.mark.parametrize('kind', ['str', 'bytes', 'function'])
def test_passphrase_opens_encrypted_files(name: str, kind: str) -> None:
    """A passphrase may be a str, bytes in UTF-8, or a function that returns one."""
    given_as = {'str': PASSPHRASE, 'bytes': PASSPHRASE.encode(), 'function': lambda: PASSPHRASE}
    signer = Signer(KEYS / name, given_as[kind])  # type: ignore[arg-type]
    assert SHOWN_BY_SSH_KEYGEN == signer.fingerprint


@pytest.mark.parametrize('name', ENCRYPTED)
@pytest.mark.parametrize('as_text', [False, True])
def test_wrong_and_missing_passphrases(name: str, as_text: bool) -> None:
    """A wrong passphrase and none at all have an error each, which names the file."""
    secret = text_of(name) if as_text else KEYS / name
    called = 'key given as text' if as_text else name
    with pytest.raises(WrongPassphrase, match=called) as wrong:
        read_private_key(secret, 'open barley')
    for nothing in (None, '', b'', lambda: ''):
        with pytest.raises(PassphraseRequired, match=called) as none:
            read_private_key(secret, nothing)
        assert_keeps_secrets(none.value, text_of(name))
    assert_keeps_secrets(wrong.value, text_of(name))
    assert 'barley' not in ''.join(map(str, wrong.value.args))


def test_passphrase_is_not_asked_for_in_vain() -> None:
    """A function for the passphrase is not called when the key is plain."""

    def never() -> str:
        raise AssertionError('was called')

    assert SHOWN_BY_SSH_KEYGEN == Signer(KEYS / 'rsa2048-pkcs1.pem', never).fingerprint


def test_passphrase_of_a_wrong_type() -> None:
    """A passphrase that is a number is refused."""
    with pytest.raises(InvalidInput, match='str, bytes'):
        read_private_key(KEYS / ENCRYPTED[0], 42)  # type: ignore[arg-type]


def test_passphrase_is_asked_for_on_a_terminal() -> None:
    """On a terminal the passphrase is asked for there, with the name of the file."""
    code = (
        'import os, sys; os.close(os.open(os.ttyname(0), os.O_RDWR))\n'
        'from smartdc.http_signature import Signer\n'
        'print(Signer(sys.argv[1]).fingerprint)'
    )
    master, slave = pty.openpty()
    command = [sys.executable, '-c', code, str(KEYS / ENCRYPTED[0])]
    with subprocess.Popen(
        command, stdin=slave, stderr=slave, stdout=subprocess.PIPE, start_new_session=True
    ) as child:
        os.close(slave)
        prompt = b''
        while not prompt.endswith(b': '):
            prompt += os.read(master, 1024)
        os.write(master, PASSPHRASE.encode() + b'\n')
        assert child.stdout is not None
        assert SHOWN_BY_SSH_KEYGEN == child.stdout.read().decode().strip()
    os.close(master)
    assert f'Passphrase of the key file {KEYS / ENCRYPTED[0]}: ' == prompt.decode()


@pytest.mark.parametrize(
    ('name', 'said'),
    [
        ('rsa1024-pkcs1.pem', 'RSA key of 1024 bits'),
        ('p224-sec1.pem', 'curve'),
        ('x25519-pkcs8.pem', 'X25519'),
        ('dsa.pem', 'DSA'),
        ('rsa2048-pbes1.pem', 'ssh-keygen -p -Z aes256-ctr -f'),
        ('ed25519-openssh-gcm', 'aes256-gcm@openssh.com'),
    ],
)
def test_keys_that_cannot_be_used(name: str, said: str) -> None:
    """A key of another kind or form is refused with the reason, and without its content."""
    with pytest.raises(KeyUnsupported, match=name) as error:
        read_private_key(KEYS / name, PASSPHRASE)
    assert said in str(error.value)
    assert_keeps_secrets(error.value, text_of(name))


@pytest.mark.parametrize(
    ('content', 'error', 'said'),
    [
        (PUTTY, KeyUnsupported, 'puttygen'),
        ('\x30\x82\x01\x0a\x02', KeyUnsupported, 'openssl pkey -inform DER'),
        (KNOWN['ed25519-openssh']['public_key'], NotAPrivateKey, 'public key'),
        ('-----BEGIN PUBLIC KEY-----\nMCow\n-----END PUBLIC KEY-----', NotAPrivateKey, 'public'),
        ('-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----', NotAPrivateKey, 'public'),
        ('', NotAPrivateKey, 'no private key'),
        ('hello', NotAPrivateKey, 'no private key'),
        ('-----BEGIN RSA PRIVATE KEY-----\nMIIEpA\n', KeyUnsupported, 'damaged'),
        ('-----BEGIN PRIVATE KEY-----\n!!!\n-----END PRIVATE KEY-----', KeyUnsupported, 'damaged'),
        ('-----BEGIN ANY PRIVATE KEY-----\n\n-----END ANY PRIVATE KEY-----', KeyUnsupported, 'ANY'),
    ],
)
def test_files_that_hold_no_usable_key(
    tmp_path: Path, content: str, error: type[SigningError], said: str
) -> None:
    """A public key, a foreign form, and no key at all are told apart."""
    path = tmp_path / 'id_key'
    path.write_bytes(content.encode('latin-1'))
    with pytest.raises(error, match=said) as raised:
        read_private_key(path)
    assert str(path) in str(raised.value)


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is missing, a directory, or too large is unreadable; its name is told."""
    large = tmp_path / 'large'
    large.write_bytes(b'-' * 1_000_001)
    for path in (tmp_path / 'missing', tmp_path, large):
        with pytest.raises(KeyUnreadable, match=str(path)):
            read_private_key(path)
    with pytest.raises(KeyUnreadable, match='resolved'):
        read_private_key('~no-such-user/id_rsa')
    with pytest.raises(InvalidInput):
        read_private_key('')


@pytest.mark.skipif(os.geteuid() == 0, reason='root may read everything')
def test_file_without_permission(tmp_path: Path) -> None:
    """A file that may not be read is unreadable."""
    path = tmp_path / 'locked'
    path.write_text(text_of('ed25519-openssh'))
    path.chmod(0)
    with pytest.raises(KeyUnreadable, match='Permission'):
        read_private_key(path)


@pytest.mark.parametrize('name', ['rsa2048-pkcs1-encrypted.pem', 'rsa2048-pkcs8-encrypted.pem'])
def test_text_around_and_within_the_key(tmp_path: Path, name: str) -> None:
    """Line ends of Windows, text before and after, UTF-16 and one-line texts are read."""
    text = text_of(name)
    framed = f'Bag Attributes\n    friendlyName: x\n{text}\nand more\n'
    for content in (
        text.replace('\n', '\r\n').encode(),
        framed.encode(),
        text.encode('utf-8-sig'),
        text.encode('utf-16'),
    ):
        (tmp_path / 'key').write_bytes(content)
        assert SHOWN_BY_SSH_KEYGEN == Signer(tmp_path / 'key', PASSPHRASE).fingerprint
    one_line = text.replace('\n', '\\n')
    for given_text in (text, text.encode(), framed, one_line):
        assert SHOWN_BY_SSH_KEYGEN == Signer(given_text, PASSPHRASE).fingerprint


@pytest.mark.parametrize('name', ['ed25519-pkcs8.pem', 'rsa2048-pkcs1.pem', 'ed25519-openssh'])
def test_text_without_its_begin_line_is_not_shown(name: str) -> None:
    """A key's text that lost its BEGIN line is not taken for a path and shown in the error."""
    body = ''.join(text_of(name).splitlines()[1:-1])
    with pytest.raises(NotAPrivateKey, match='given as text') as error:
        read_private_key(body)
    assert_keeps_secrets(error.value, body)


def test_home_directory_is_expanded(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A path that begins with ~ is in the home directory."""
    monkeypatch.setenv('HOME', str(tmp_path))
    shutil.copyfile(KEYS / 'rsa2048-pkcs1.pem', tmp_path / 'id_rsa')
    assert SHOWN_BY_SSH_KEYGEN == Signer('~/id_rsa').fingerprint


def test_public_part_needs_no_passphrase(tmp_path: Path) -> None:
    """The public part comes from an encrypted OpenSSH file, a .pub file or the one beside it."""
    blob = read_private_key(KEYS / 'rsa2048-pkcs1.pem').public_blob
    shutil.copyfile(KEYS / 'rsa2048-pkcs8-encrypted.pem', tmp_path / 'key')
    assert read_public_blob(tmp_path / 'key') is None
    (tmp_path / 'key.pub').write_text(KNOWN['rsa2048-pkcs1.pem']['public_key'] + ' me@here\n')
    for place in (tmp_path / 'key', tmp_path / 'key.pub', KEYS / 'rsa2048-openssh-encrypted'):
        assert blob == read_public_blob(place)


def test_representations_keep_secrets() -> None:
    """No representation of a signer or a key shows the key's text or the passphrase."""
    text = text_of('rsa2048-openssh-encrypted')
    signer = Signer(text, PASSPHRASE)
    key = read_private_key(text, PASSPHRASE)
    signer.sign(b'')
    assert 'Signer(text)' == repr(signer)
    assert f'<RSAPrivateKey {KNOWN["rsa2048-pkcs1.pem"]["sha256_fingerprint"]}>' == repr(key)
    assert f"Signer('{KEYS}')" == repr(Signer(KEYS))


def test_pickled_signers_carry_no_secrets() -> None:
    """A pickled signer has the path only, and reads the file anew; text is not pickled."""
    signer = Signer(KEYS / 'rsa2048-pkcs1-encrypted.pem', PASSPHRASE)
    signer.sign(b'')
    pickled = pickle.dumps(signer)
    assert PASSPHRASE.encode() not in pickled
    with pytest.raises(PassphraseRequired):
        pickle.loads(pickled).sign(b'')
    plain = pickle.loads(pickle.dumps(Signer(KEYS / 'rsa2048-pkcs1.pem')))
    assert SHOWN_BY_SSH_KEYGEN == plain.fingerprint
    with pytest.raises(InvalidInput, match='path'):
        pickle.dumps(Signer(text_of('rsa2048-pkcs1.pem')))


@pytest.mark.parametrize(
    ('kind', 'form', 'passphrase'),
    [(k, form, word) for k, forms in FORMS.items() for form in forms for word in ('', PASSPHRASE)],
)
def test_keys_of_real_programs(
    maker: KeyMaker, tmp_path: Path, kind: str, form: str, passphrase: str
) -> None:
    """Keys that ssh-keygen and openssl wrote are read; fingerprints are those of ssh-keygen."""
    path, line = maker.make(kind, form, passphrase)
    signer = Signer(path, passphrase or None)
    assert line == signer.public_key
    assert fingerprint_of(line, tmp_path, 'md5') == signer.fingerprint
    assert fingerprint_of(line, tmp_path, 'sha256') == signer.sha256_fingerprint
    assert is_signature(line, signer.algorithm, signer.sign(b'data'), b'data')
    if passphrase:
        with pytest.raises(WrongPassphrase):
            read_private_key(path, 'open barley')


@pytest.mark.parametrize('form', ['PEM', 'PKCS8', 'RFC4716'])
@pytest.mark.parametrize('kind', ['rsa', 'ecdsa'])
def test_forms_that_ssh_keygen_writes(tmp_path: Path, kind: str, form: str) -> None:
    """An encrypted key is read in each form that ssh-keygen may be told to make."""
    path = tmp_path / 'key'
    run('ssh-keygen', '-q', '-t', kind, '-m', form, '-N', PASSPHRASE, '-f', str(path))
    public = path.with_suffix('.pub').read_text()

    assert public.startswith(Signer(path, PASSPHRASE).public_key)


@pytest.mark.parametrize('cipher', ['-des3', '-aes128', '-aes192', '-aes256'])
def test_ciphers_of_traditional_files(tmp_path: Path, cipher: str) -> None:
    """Each usual cipher of a DEK-Info header is known."""
    source, path = str(KEYS / 'rsa2048-pkcs1.pem'), str(tmp_path / 'key')
    lock = ('-passout', f'pass:{PASSPHRASE}', '-out', path)
    run('openssl', 'rsa', '-traditional', '-in', source, cipher, *lock)
    assert SHOWN_BY_SSH_KEYGEN == Signer(path, PASSPHRASE).fingerprint


@pytest.mark.parametrize('options', [('-scrypt',), ('-v2', 'des3'), ('-v2prf', 'hmacWithSHA512')])
def test_ciphers_of_pkcs8_files(tmp_path: Path, options: tuple[str, ...]) -> None:
    """Other ciphers and key derivations of PBES2 are known."""
    source, path = str(KEYS / 'rsa2048-pkcs1.pem'), str(tmp_path / 'key')
    lock = ('-passout', f'pass:{PASSPHRASE}', '-out', path)
    run('openssl', 'pkcs8', '-topk8', '-in', source, *options, *lock)
    assert SHOWN_BY_SSH_KEYGEN == Signer(path, PASSPHRASE).fingerprint


@pytest.mark.parametrize(
    'cipher',
    ['aes256-gcm@openssh.com', 'chacha20-poly1305@openssh.com', 'aes128-ctr', 'aes256-cbc'],
)
def test_remedy_for_unsupported_ciphers_works(tmp_path: Path, cipher: str) -> None:
    """The command that the error names makes a file that is read."""
    path = tmp_path / 'a key'
    lock = ('-Z', cipher, '-N', PASSPHRASE, '-f', str(path))
    run('ssh-keygen', '-q', '-t', 'ed25519', *lock)
    with pytest.raises(KeyUnsupported, match=cipher) as error:
        read_private_key(path, PASSPHRASE)
    command = shlex.split(str(error.value).split('`')[1])
    run(*command, '-P', PASSPHRASE, '-N', PASSPHRASE)
    public = path.with_suffix('.pub').read_text()
    assert public.startswith(Signer(path, PASSPHRASE).public_key)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(['p256-openssh-empty-comment', 'ed25519-pkcs8.pem', 'p521-sec1.pem']),
    place=st.integers(0, 500),
    letter=st.sampled_from('AQz/+=\n: -\0é'),
)
def test_damaged_files_are_errors_of_ours(name: str, place: int, letter: str) -> None:
    """Whatever letter is changed, the key is read or a SigningError is raised."""
    text = text_of(name)
    damaged = text[: place % len(text)] + letter + text[place % len(text) + 1 :]
    try:
        read_private_key(damaged.encode('latin-1'))
    except SigningError as error:
        assert_keeps_secrets(error, text)


@pytest.mark.parametrize('which', range(5))
def test_numbers_that_do_not_belong_together_are_no_key(which: int) -> None:
    """An RSA key of which one number is another one is damaged, whichever it is."""
    from Crypto.PublicKey import RSA
    from Crypto.Util.asn1 import DerSequence

    key = RSA.import_key((KEYS / 'rsa2048-pkcs1.pem').read_bytes())
    numbers = [key.n, key.e, key.d, key.p, key.q]
    numbers[which] += 2
    n, e, d, p, q = numbers
    der = DerSequence([0, n, e, d, p, q, d % (p - 1), d % (q - 1), 1]).encode()
    body = base64.encodebytes(der).decode()
    text = f'-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----\n'
    with pytest.raises(KeyUnsupported, match='damaged'):
        read_private_key(text)


@pytest.mark.parametrize('quick', [True, False])
def test_a_key_whose_factors_are_no_primes_makes_no_signature(
    quick: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is found out when it signs, whichever library does, and the error is ours."""
    from Crypto.PublicKey import RSA
    from Crypto.Util.asn1 import DerSequence

    monkeypatch.setattr(signing, 'has_cryptography', lambda: quick)
    key = RSA.import_key((KEYS / 'rsa2048-pkcs1.pem').read_bytes())
    e, p, q = 65537, 3 * int(key.p), int(key.q)
    d = pow(e, -1, math.lcm(p - 1, q - 1))
    der = DerSequence([0, p * q, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)]).encode()
    body = base64.encodebytes(der).decode()
    text = f'-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----\n'
    with pytest.raises(SigningError):
        Signer(text).sign(b'text')
