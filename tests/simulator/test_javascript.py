import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartdc.simulator import javascript
from smartdc.simulator.javascript_dates import parse_date

TIME = 1795424694000
PIECES = ['Mon', ', ', '23', 'Nov', '2026', '09:04:54', 'GMT', '+01', 'T', 'Z', '.', '-', '(', ')']


def test_dates_that_javascript_reads() -> None:
    """The forms that clients send, and some that only V8 would take, as Node.js read them."""
    day = 1795392000000
    cases = {
        'Mon, 23 Nov 2026 09:04:54 GMT': TIME,
        'Mon, 23 Nov 2026 09:04:54 UTC': TIME,
        'Mon, 23 Nov 2026 10:04:54 +0100': TIME,
        'Monday, 23-Nov-26 09:04:54 GMT': TIME,
        'Mon Nov 23 09:04:54 2026': TIME,
        'Mon Nov 23 2026 10:04:54 GMT+0100 (CET)': TIME,
        '11/23/2026 9:04:54 AM': TIME,
        'november 23 2026 1:04:54 pst': TIME,
        '2026-11-23T09:04:54Z': TIME,
        '2026-11-23T10:04:54.793+01:00': TIME + 793,
        '+002026-11-23T09:04:54': TIME,
        '2026-11-23': day,
        '2026-11-22T24:00': day,
        'Nov 23, 2026': day,
        'Mon, 31 Nov 2026 00:00 GMT': day + 8 * 86400000,
        'x-1': 978307200000,
        '32': 1956528000000,
        '-000001 ': -62198755200000,
    }
    for text, moment in cases.items():
        assert moment == parse_date(text), text


@pytest.mark.parametrize(
    ('value', 'text'),
    [
        (None, 'null'),
        (True, 'true'),
        (5.0, '5'),
        (0.5, '0.5'),
        ('a', 'a'),
        ({'a': 1}, '[object Object]'),
        (['a', None, ['b', False]], 'a,,b,false'),
    ],
)
def test_texts_of_values(value: object, text: str) -> None:
    """A value that is joined to a text looks as JavaScript's language standard says."""
    assert text == javascript.string(value)


def test_dates_that_javascript_does_not_read() -> None:
    """What Node.js calls an invalid date is none here."""
    for text in (
        '',
        'garbage',
        '1795424691',
        'Mon, 32 Nov 2026 09:04:54 GMT',
        'Mon, 23 Nov 2026 09:04:54 CET',
        'Mon, 23 Nov 2026 25:04:54 GMT',
        '2026-11-23T09:04:54+99:00',
        '2026-11-23T9:04',
        '2026-13-01T00:00Z',
        '20261123T090454Z',
        '13:00 pm 1/1/2026',
        '1 2 3 4',
        '1/1/2026 )',
        'x1',
    ):
        assert parse_date(text) is None, text


@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map(' '.join)))
def test_any_text_is_a_date_or_none(text: str) -> None:
    """Whatever a Date header holds, it is a moment within JavaScript's limits, or none."""
    moment = parse_date(text)
    assert moment is None or abs(moment) <= 8_640_000_000_000_000


def test_numbers() -> None:
    """Numbers are read and written as JavaScript does."""
    assert javascript.number_text(310.0) == '310'
    assert javascript.number_text(310.793) == '310.793'
    assert javascript.number_text(math.inf) == 'Infinity'
    assert javascript.number(' 0x10 ') == 16
    assert javascript.number('') == 0
    assert math.isnan(javascript.number('1_0'))
    assert javascript.parse_int('\t-5.9kg') == -5
    assert javascript.parse_int('kg') is None


def test_base64_is_read_with_much_patience() -> None:
    """Blanks, line ends and URL-safe digits are fine, `=` ends the text, odd digits drop off."""
    assert javascript.from_base64('aGk=') == b'hi'
    assert javascript.from_base64('a G\nk') == b'hi'
    assert javascript.from_base64('aGk=aGk=') == b'hi'
    assert javascript.from_base64('-_-_') == javascript.from_base64('+/+/')
    assert javascript.from_base64('aGkaa') == javascript.from_base64('aGka')
    assert javascript.from_base64('=') == b''


def test_lengths_count_halves_of_pairs() -> None:
    """A character beyond the first plane counts twice."""
    assert javascript.length('a\U0001f600') == 3


def test_numbers_print_as_in_javascript() -> None:
    """Texts of numbers as Node.js printed them."""
    cases = {
        310.0: '310',
        310.793: '310.793',
        1e-5: '0.00001',
        1e-7: '1e-7',
        -1.25e-6: '-0.00000125',
        1e21: '1e+21',
        math.inf: 'Infinity',
    }
    for value, text in cases.items():
        assert text == javascript.number_text(value)
