"""What is believed of a server's clock."""

import json
import warnings
from email.utils import formatdate

import pytest

from smartdc.retrying import Retry
from smartdc.server_clock import ServerClock
from smartdc.simulator import Simulator
from tests.clocks import TestClock
from tests.servers import json_reply, serving

SKEWED = json.dumps(
    {'code': 'InvalidHeader', 'message': 'clock skew of 999s is too great'}
).encode()

#: Dates that no server of CloudAPI has.
NONE_AT_ALL = (
    *('Fri, 31 Dec 9999 23:59:59 GMT', 'Fri, 01 Jan 2100 00:00:01 GMT'),
    *('Wed, 31 Dec 1969 23:59:59 GMT', '1 Jan 99999999999 1:1:1 GMT', 'yesterday', '\xff'),
)


@pytest.mark.parametrize('date', NONE_AT_ALL)
def test_a_date_that_cannot_be_is_not_believed(cloud: Simulator, date: str) -> None:
    """Nothing is corrected and nothing warned of; the next request has this machine's date."""
    with (
        serving(json_reply(400, SKEWED, Date=date), json_reply(200, b'[]')) as server,
        cloud.datacenter(location=server.url, retries=Retry(base=0)) as sdc,
        warnings.catch_warnings(),
    ):
        warnings.simplefilter('error')
        assert [] == sdc.keys()
        first, second = (request.lower() for request in server.requests)

    dates = [request.partition(b'\r\ndate: ')[2][:29] for request in (first, second)]
    own = formatdate(cloud.clock.now(), usegmt=True).lower().encode()
    assert [own, own] == dates


@pytest.mark.parametrize('date', ['Fri, 01 Jan 2100 00:00:00 GMT', 'Thu, 01 Jan 1970 00:00:00 GMT'])
def test_a_date_that_can_be_is_believed(date: str) -> None:
    """However far away it is."""
    clock = ServerClock(TestClock())
    with pytest.warns(UserWarning, match='clock of this machine'):
        clock.correct('https://x', date)

    assert clock.ahead('https://x') != 0
    assert 0 == clock.ahead('https://y')


@pytest.mark.parametrize('told', ['9999-12-31T23:59:59-23:59', 'soon', '', None, 5, []])
def test_an_age_that_cannot_be_read_says_nothing(told: object) -> None:
    """What has no age is taken for new."""
    assert ServerClock(TestClock()).is_new({'created': told}, 1e12, 'https://x')


@pytest.mark.parametrize(('seconds', 'is_new'), [(0, True), (2, True), (3, False), (60, False)])
def test_an_age_is_that_of_the_servers_clock(seconds: int, is_new: bool) -> None:
    """A thing may be two seconds older, for dates have whole seconds; the server's count."""
    own = TestClock(1_700_000_100.0)
    clock = ServerClock(own)
    clock.saw('https://x', 'Tue, 14 Nov 2023 22:13:20 GMT')  # 1,700,000,000
    since = own.now() + seconds

    assert is_new is clock.is_new({'created': '2023-11-14T22:13:20Z'}, since, 'https://x')
