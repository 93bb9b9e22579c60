"""The documentation as it is built: no warnings, no dead links, nothing public left out."""

from __future__ import annotations

import importlib.util
import inspect
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

import smartdc
from smartdc import errors, simulator
from tests.pages import ROOT
from tests.programs import lacking


@pytest.fixture(scope='module')
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site, each warning an error, and return its folder."""
    if importlib.util.find_spec('sphinx') is None:
        lacking('sphinx')
    folder = tmp_path_factory.mktemp('site')
    command = (sys.executable, '-m', 'sphinx', '-W', '--keep-going', '-n', '-q', '-b', 'html')
    done = subprocess.run(
        [*command, '-d', str(folder / 'doctrees'), str(ROOT / 'docs'), str(folder / 'html')],
        capture_output=True,
        text=True,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    return folder / 'html'


def described(site: Path) -> set[str]:
    """Return the names that the site describes, as other sites may link to them."""
    head, _, packed = (site / 'objects.inv').read_bytes().partition(b'zlib.\n')
    assert head.startswith(b'# Sphinx inventory version 2\n')
    lines = zlib.decompress(packed).decode().splitlines()
    return {line.split()[0] for line in lines if line.split()[1].startswith('py:')}


def public() -> Iterator[str]:
    """Yield the names of all that is public: of the package, and of what it hands out."""
    yield from (f'smartdc.{name}' for name in smartdc.__all__)
    yield from (f'smartdc.simulator.{name}' for name in simulator.__all__)
    for holder in (smartdc.DataCenter, smartdc.Machine, smartdc.Snapshot, smartdc.Change):
        yield from (f'smartdc.{holder.__name__}.{name}' for name in members(holder))
    yield from (f'smartdc.simulator.Simulator.{name}' for name in members(simulator.Simulator))


def members(kind: type) -> Iterator[str]:
    """Yield the methods and properties that a class or its bases of ours define."""
    for name, member in inspect.getmembers(kind):
        home = next(each for each in kind.__mro__ if name in vars(each))
        is_member = inspect.isroutine(member) or isinstance(member, property)
        if not name.startswith('_') and is_member and home.__module__.startswith('smartdc'):
            yield name


def test_every_public_name_is_in_the_reference(site: Path) -> None:
    """What can be imported, called and read is in the inventory of the site."""
    wanted = {*public()}

    assert len(wanted) > 300
    assert [] == sorted(wanted - described(site))


def test_the_reference_shows_each_wire_line(site: Path) -> None:
    """A page that a reader looks at has the request beside the method."""
    page = (site / 'reference' / 'machines.html').read_text('utf-8')
    (block,) = re.findall(
        r'<dt [^>]*id="smartdc\.Machine\.stop".*?</dd></dl>', page.replace('\n', ' ')
    )

    assert 'POST /:login/machines/:id?action=stop' in re.sub('<[^>]+>', '', block)


def test_there_is_something_to_do_for_each_error() -> None:
    """The page on errors has each of them once, with advice."""
    page = (ROOT / 'docs' / 'errors.rst').read_text('utf-8')
    named = re.findall(r'^\.\. autoexception:: smartdc\.(\w+)$', page, re.MULTILINE)
    advised = re.findall(
        r'^\.\. autoexception:: smartdc\.(\w+)\n\n   \*\*To do:\*\* \S', page, re.MULTILINE
    )

    assert sorted(errors.__all__) == sorted(named)
    assert {'SmartDCError'} == {*named} - {*advised}


class Links(HTMLParser):
    """What a page links to, and what in it can be linked to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.targets: list[str] = []
        self.anchors = {''}
        self.feed(page.read_text('utf-8'))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what a tag has."""
        for name, value in attrs:
            if name == 'id' and value:
                self.anchors.add(value)
            if name in ('href', 'src') and value and tag != 'base':
                self.targets.append(value)


def test_all_links_inside_resolve(site: Path) -> None:
    """Each link to a page, a place in one, a picture or a style leads to something."""
    pages = {page: Links(page) for page in site.rglob('*.html')}
    dead = []
    for page, links in pages.items():
        for target in links.targets:
            url = urlsplit(target)
            if url.scheme or url.netloc:
                continue
            path = (page.parent / unquote(url.path)).resolve() if url.path else page
            anchors = pages[path].anchors if path in pages else {'', url.fragment}
            if not path.exists() or unquote(url.fragment) not in anchors:
                dead.append(f'{page.name}: {target}')

    assert len(pages) > 20
    assert [] == dead


def test_the_site_asks_nothing_of_others(site: Path) -> None:
    """No script, style, font or picture comes from another host."""
    loaded = [
        (page.name, found)
        for page in site.rglob('*.html')
        for found in re.findall(
            r'<(?:script|link|img)[^>]+(?:src|href)="(https?://[^"]+)"', page.read_text('utf-8')
        )
    ]

    assert [] == loaded
