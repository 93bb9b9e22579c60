"""The figures and rules of shape: imports, sizes, docstrings."""

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCES = sorted((ROOT / 'smartdc').rglob('*.py'))
TESTS = sorted((ROOT / 'tests').rglob('*.py'))

#: The floors of the house, from the ground up: a module imports only from floors below its own,
#: or from its own where that is listed.
FLOORS = [
    {'shapes'},
    {'errors', 'signing', 'trace', 'heads'},
    {'showing'},
    {'seen'},
    {'progress'},
    {
        'search',
        'paths',
        'given',
        'locations',
        'clock',
        'times',
        'paging',
        'ssh_keys',
        'types',
        'answers',
    },
    {'columns'},
    {'tables', 'triton_commands', 'placeholders'},
    {'plan'},
    {'dry_run'},
    {'watchdog', 'patience', 'likeness', 'firewall_text', 'pace', 'pacing', 'rsa_numbers'},
    {'transport', 'request_line', 'parallel', 'key_files', 'retrying', 'server_clock'},
    {'creating', 'waiting'},
    {'ssh_agent', 'chapter', 'connection', 'signer', 'ssh_target', 'ssh_hosts'},
    {'key_search', 'profiles', 'new_machine'},
    {'http_signature', 'snapshot', 'websocket'},
    {'actions', 'changefeed', 'console', 'presign', 'certificates', 'ssh_session'},
    {'news'},
    {'api', 'ssh'},
    {'machine'},
    {'finding', 'wait_for', 'fleet_waiting'},
    {'fleet'},
    {'cloud'},
    {'many'},
    {'datacenter'},
    {'legacy', 'vnc_proxy', 'completion'},
    {'__main__', 'pytest_plugin'},
]

#: api/machines.py makes Machine objects, whose chapters are in api as well.
UPWARD = {('api/machines.py', 'machine')}


def place(path: Path) -> str:
    """Return a source's path below the package."""
    return path.relative_to(ROOT / 'smartdc').as_posix()


#: The client's modules; the simulator has a rule of its own.
CLIENT = [path for path in SOURCES if not place(path).startswith(('simulator', '__init__'))]


def imported(path: Path) -> Iterator[str]:
    """Yield the modules of the package that a source imports, outside type checking."""
    tree = ast.parse(path.read_text('utf-8'))
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and 'TYPE_CHECKING' in ast.unparse(node.test)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f'{path} imports by a relative path'
            yield node.module or ''
            if node.module in ('smartdc', 'smartdc.simulator'):
                yield from (f'{node.module}.{alias.name}' for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def functions() -> Iterator[tuple[str, ast.FunctionDef]]:
    """Yield each function of the package with the place where it stands."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text('utf-8'))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                yield f'{place(path)}:{node.lineno} {node.name}', node  # type: ignore[misc]


def body_lines(node: ast.FunctionDef) -> int:
    """Return how many lines a body has, without signature and docstring."""
    body = node.body[1:] if ast.get_docstring(node) else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@pytest.mark.parametrize('path', CLIENT, ids=place)
def test_imports_point_down(path: Path) -> None:
    """A module of the client imports only from floors below its own."""
    own = place(path)
    floor = {name: level for level, names in enumerate(FLOORS) for name in names}
    level = floor[own.removesuffix('.py').partition('/')[0]]
    for module in imported(path):
        parts = module.split('.')
        if parts[0] != 'smartdc' or len(parts) == 1 or parts[1] not in floor:
            continue
        if parts[1] == own.partition('/')[0] and own.startswith(('errors/', 'profiles/')):
            continue
        assert floor[parts[1]] < level or (own, parts[1]) in UPWARD, f'{own} imports {module}'


def test_chapters_never_import_each_other() -> None:
    """No chapter of the client knows another one."""
    chapters = [path for path in SOURCES if place(path).startswith('api/')]

    assert len(chapters) > 8
    for path in chapters:
        assert not [name for name in imported(path) if name.startswith('smartdc.api')], path


def test_the_simulator_never_imports_the_client() -> None:
    """Only Simulator.datacenter() touches the client, so that the two cannot share a mistake."""
    sources = [path for path in SOURCES if place(path).startswith('simulator/')]

    assert len(sources) > 10
    for path in sources:
        others = {
            name
            for name in imported(path)
            if name.startswith('smartdc.') and not name.startswith('smartdc.simulator')
        }
        allowed = {'smartdc.datacenter'} if place(path) == 'simulator/__init__.py' else set()
        assert others <= allowed | {'smartdc.__version__'}, path


@pytest.mark.parametrize('path', [*SOURCES, *TESTS], ids=str)
def test_files_have_up_to_400_lines(path: Path) -> None:
    """A file that grows longer has a second subject in it."""
    assert len(path.read_text('utf-8').splitlines()) <= 400


def test_functions_are_small() -> None:
    """No body is longer than 60 lines; the median is at most 9 and the 95th percentile 38."""
    sizes = {where: body_lines(node) for where, node in functions()}
    ordered = sorted(sizes.values())

    assert not {where: size for where, size in sizes.items() if size > 60}
    assert statistics.median(ordered) <= 9
    assert ordered[int(len(ordered) * 0.95)] <= 38


def silent(node: ast.Module | ast.ClassDef, where: str) -> Iterator[str]:
    """Yield what is public in a module or class and says nothing of itself."""
    if not ast.get_docstring(node):
        yield where
    for child in node.body:
        if isinstance(child, ast.ClassDef) and not child.name.startswith('_'):
            yield from silent(child, f'{where} {child.name}')
        elif isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            is_setter = any('.setter' in ast.unparse(each) for each in child.decorator_list)
            if not (child.name.startswith('_') or is_setter or ast.get_docstring(child)):
                yield f'{where} {child.name}'


def test_everything_public_has_a_docstring() -> None:
    """Each module, class, function and method without an underscore says what it does."""
    found = [
        name for path in SOURCES for name in silent(ast.parse(path.read_text('utf-8')), place(path))
    ]

    assert [] == found


def test_every_test_says_what_it_shows() -> None:
    """Each test has a docstring of one sentence."""
    unsaid = [
        f'{path.name}: {node.name}'
        for path in TESTS
        for node in ast.walk(ast.parse(path.read_text('utf-8')))
        if isinstance(node, ast.FunctionDef)
        and node.name.startswith('test_')
        and not ast.get_docstring(node)
    ]

    assert [] == unsaid


def test_no_test_uses_mocks_or_sleeps() -> None:
    """Tests use the real parts, and time passes by a clock that they step."""
    for path in TESTS:
        names = {alias for alias in imported(path) if 'mock' in alias}
        assert not names, path
        assert 'time.' + 'sleep(' not in path.read_text('utf-8'), path
