from hypothesis import given
from hypothesis import strategies as st

from smartdc.simulator import versions
from tests.simulator.tables import rows

MOUNTED = {
    'default': ['7.0.0', '7.1.0', '7.2.0', '7.3.0', '8.0.0', '9.0.0'],
    'vnc': ['8.4.0'],
    'from_7_2': ['7.2.0', '7.3.0', '8.0.0', '9.0.0'],
}
PIECES = ['7', '8.0', '1.2.3', 'x', '*', '~', '^', '>', '<=', '=', 'v', ' ', ' - ', '||', '-rc.1']


def test_ranges_choose_what_restify_chose() -> None:
    """Every recorded range picks the recorded version of each set of routes, or none."""
    recorded = rows('engines/semver')
    assert len(recorded) >= 135
    for row in recorded:
        # The HTTP parser of Node.js drops the blanks in front of a value.
        headers = {name.lower(): value.lstrip(' ') for name, value in row['headers'].items()}
        asked = versions.asked(headers)
        for routes, mounted in MOUNTED.items():
            answer = row[routes]
            assert answer.get('chosen') == versions.choose(mounted, asked), row['id']
            assert answer.get('asked', asked) == asked, row['id']
        if 'account_mgmt' in row:
            assert row['account_mgmt'] == versions.reaches(asked, '7.2.0'), row['id']


def test_accept_version_comes_first() -> None:
    """Accept-Version beats X-Api-Version, an empty one is none, and nothing means any."""
    assert versions.asked({'accept-version': '~8', 'x-api-version': '~7'}) == '~8'
    assert versions.asked({'accept-version': '', 'x-api-version': '~7'}) == '~7'
    assert versions.asked({'api-version': '~7'}) == '*'


def test_hyphens_carets_and_pre_releases() -> None:
    """The corners of the grammar that no recorded row has, as node-semver 4.3.6 answers them."""
    cases = {
        '7.2.0 - 8': ('8.0.0', True),
        '7.2 - 7.2': ('7.2.0', True),
        '7.0.0 - 7.2.0-beta': ('7.1.0', False),
        '* - 7.1': ('7.1.0', False),
        '=7.0.0 - 8': (None, False),
        '^0.0.3': (None, False),
        '~ 7.2': ('7.2.0', True),
        '7.0.0*': ('7.0.0', False),
        '>*': (None, False),
        '>= 7.2.0 <7.3': ('7.2.0', True),
        '9007199254740993': (None, False),
    }
    for asked, (chosen, reaches) in cases.items():
        assert chosen == versions.choose(MOUNTED['default'], asked), asked
        assert reaches == versions.reaches(asked, '7.2.0'), asked


def test_a_pre_release_needs_one_of_its_own_version() -> None:
    """A pre-release satisfies only a range that names a pre-release of the same version."""
    assert versions.satisfies('8.0.0-rc.2', '>=8.0.0-rc.1')
    assert not versions.satisfies('8.1.0-rc.2', '>=8.0.0-rc.1')
    assert not versions.satisfies('8.0.0-rc.1', '>=8.0.0-rc.a')


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map(''.join)))
def test_any_text_is_a_range_or_none(text: str) -> None:
    """Whatever a client asks for gets a mounted version or none, and one that lies in the range."""
    chosen = versions.choose(MOUNTED['default'], text)
    assert chosen is None or versions.satisfies(chosen, text)
    assert versions.reaches(text, '7.2.0') in (True, False)
