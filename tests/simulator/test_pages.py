"""Pages of the store: the same as if everything were counted, and quick to go through."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from smartdc.simulator.store import Store, Where
from tests.simulator.clouds import Account

STEPS = st.lists(
    st.tuples(st.sampled_from(['put', 'delete', 'page', 'next']), st.integers(0, 9)), max_size=40
)


@settings(deadline=None)
@given(STEPS)
def test_a_page_is_what_stands_there_now(steps: list[tuple[str, int]]) -> None:
    """Whatever came and went since the page before, a page is a part of the present list."""
    store = Store()
    where = Where().add('owner = ?', 'me')
    offset = 0
    for step, number in steps:
        if step == 'put':
            store.put('thing', {'id': str(number), 'owner': 'me' if number % 4 else 'you'})
        elif step == 'delete':
            store.delete('thing', str(number))
        else:
            offset = offset + 2 if step == 'next' else number
            expected = store.select('thing', where)[offset : offset + 2]
            assert expected == store.page('thing', where, limit=2, offset=offset)
    store.close()


def test_the_next_page_begins_where_the_last_one_ended() -> None:
    """Going through pages counts nothing twice: the database does the same for each of them."""
    store = Store()
    store.put_all('thing', ({'id': f'{number:04}'} for number in range(3000)))
    steps: list[int] = []
    store._db.set_progress_handler(lambda: steps.append(1), 100)
    work = []
    for offset in range(0, 3000, 100):
        steps.clear()
        store.page('thing', Where(), limit=100, offset=offset)
        work.append(len(steps))
    assert max(work) <= 2 * min(work[1:])
    store.close()


def test_addresses_are_sorted_once() -> None:
    """A network's addresses are all looked at after a change, and not for each page."""
    acme = Account({'machines': [{}] * 30, 'datacenters': ['us-sw-1']})
    network = acme.get('/my/networks')[0]['id']
    said: list[str] = []
    acme.cloud.store._db.set_trace_callback(said.append)
    pages = [acme.get(f'/my/networks/{network}/ips?limit=7&offset={at}') for at in range(0, 35, 7)]
    assert [f'198.18.0.{10 + number}' for number in range(30)] == [
        entry['ip'] for page in pages for entry in page
    ]
    assert 1 == len([sql for sql in said if "'address'" in sql and 'ORDER BY rowid' in sql])
    acme.create()
    assert 31 == len(acme.get(f'/my/networks/{network}/ips'))
