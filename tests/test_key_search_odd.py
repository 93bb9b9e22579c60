"""Finding the key where what lies in ~/.ssh is not what it seems to be."""

import base64
import math
import os
import threading
from pathlib import Path

import pytest
from Crypto.Util.asn1 import DerSequence
from Crypto.Util.number import getPrime

from smartdc.errors import AgentError, SigningError
from smartdc.key_search import KeySearch


def damaged() -> str:
    """Return an RSA key that only signing shows to be none: a factor of it is no prime."""
    e = 65537
    while True:
        p, q = getPrime(1024), getPrime(512) * getPrime(512)
        phi = math.lcm(p - 1, q - 1)
        if (p * q).bit_length() == 2048 and math.gcd(e, phi) == 1:
            break
    d = pow(e, -1, phi)
    numbers = [0, p * q, e, d, p, q, d % (p - 1), d % (q - 1), pow(q, -1, p)]
    body = base64.encodebytes(DerSequence(numbers).encode()).decode()
    return f'-----BEGIN RSA PRIVATE KEY-----\n{body}-----END RSA PRIVATE KEY-----\n'


def test_a_key_that_signs_wrongly_is_an_error_of_ours(tmp_path: Path) -> None:
    """It says that the key is damaged, as it does for a key that was not searched for."""
    path = tmp_path / 'mine'
    path.write_text(damaged())
    with pytest.raises(SigningError, match=r'mine .*damaged'):
        KeySearch(str(path)).sign(b'data')


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='this system has no pipes')
@pytest.mark.parametrize(('pipe', 'wanted'), [('x.pub', 'SHA256:' + 'A' * 43), ('x', 'x')])
def test_a_pipe_is_not_opened(tmp_path: Path, pipe: str, wanted: str) -> None:
    """Nobody writes into it, so that the search would never end."""
    os.mkfifo(tmp_path / pipe)
    if pipe == 'x':
        (tmp_path / 'x.pub').write_text('ssh-rsa AAAA')
    ended: list[BaseException] = []

    def search() -> None:
        try:
            KeySearch(wanted, None, tmp_path).sign(b'data')
        except AgentError as error:
            ended.append(error)

    thread = threading.Thread(target=search, daemon=True)
    thread.start()
    thread.join(10)

    assert [AgentError] == [type(each) for each in ended]
