"""The keys chapter."""

import pytest

from smartdc import DataCenter, InvalidArgument, InvalidInput, ResourceNotFound
from smartdc.simulator import Simulator

KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDwQs9WlPgroKMihRt8zOa/o6If2anHnMWEu9LZCTVDs ann'
FINGERPRINT = 'fd:78:89:20:32:2a:09:16:ba:41:ae:05:cb:be:12:bb'


def test_a_key_is_added_listed_got_and_deleted(sdc: DataCenter) -> None:
    """A key's life, by name and by fingerprint, by text and by dict."""
    added = sdc.add_key('laptop', KEY)

    assert ('laptop', FINGERPRINT) == (added['name'], added['fingerprint'])
    assert added in sdc.keys()
    assert added == sdc.key('laptop') == sdc.key(FINGERPRINT) == sdc.key(dict(added))
    sdc.delete_key(added)
    assert 'laptop' not in [key['name'] for key in sdc.keys()]


@pytest.mark.parametrize('name', ['a/b', 'a b', 'a?b', 'a#b', '100%', '%2F', 'clé', '日本'])
def test_any_name_arrives_as_it_is(cloud: Simulator, sdc: DataCenter, name: str) -> None:
    """Names with characters that mean something in URLs reach the server unchanged."""
    sdc.add_key(name, KEY)

    assert name == sdc.key(name)['name']
    sdc.delete_key(name)
    with pytest.raises(ResourceNotFound):
        sdc.key(name)


@pytest.mark.parametrize('name', ['', '.', '..', 'a\nb', None])
def test_a_name_that_is_none_is_never_sent(
    cloud: Simulator, sdc: DataCenter, name: str | None
) -> None:
    """An id that would mean another resource is refused here."""
    with pytest.raises(InvalidInput):
        sdc.delete_key(name)  # type: ignore[arg-type]

    assert not cloud.requests


def test_a_key_without_a_name_gets_one(sdc: DataCenter) -> None:
    """The server names a key that has no name."""
    assert sdc.add_key(None, KEY)['name']


def test_what_is_no_key_is_refused(sdc: DataCenter) -> None:
    """Garbage is an InvalidArgument with the server's words."""
    with pytest.raises(InvalidArgument, match='key'):
        sdc.add_key('x', 'garbage')
