"""Mishaps on demand, as far as they need no sockets."""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from smartdc.simulator import Faults, RuleError, Simulator, WorldError
from smartdc.simulator.faults import read
from tests.simulator.clouds import START, Account, refusal


@pytest.fixture
def acme() -> Account:
    """Return an account of the default world."""
    return Account()


def test_answers_an_error_instead_of_working(acme: Account) -> None:
    """A rule with a status strikes its operation, as often as it says, and nothing is done."""
    acme.cloud.faults.add('CreateMachine', status=503, code='X', message='later', count=1)
    assert (503, 'X', 'later') == refusal(acme.send('POST', '/my/machines', {}))
    assert [] == acme.get('/my/machines')
    assert 'provisioning' == acme.create()['state']


def test_loses_an_answer_after_the_work(acme: Account) -> None:
    """With `after` the work is done, and the client is told otherwise."""
    acme.cloud.faults.add('UpdateAccount', status=500, after=True, count=1)
    assert acme.send('POST', '/my', {'phone': '7'}).status == 500
    assert '7' == acme.get('/my')['phone']


def test_drops_before_or_after_the_work(acme: Account) -> None:
    """A dropped connection leaves the work undone unless the rule says after."""
    acme.cloud.faults.add('UpdateAccount', outcome='drop', count=1)
    acme.cloud.faults.add('UpdateAccount', outcome='drop', after=True, count=1)
    assert 'drop' == acme.send('POST', '/my', {'phone': '7'}).outcome
    assert 'phone' not in acme.get('/my')
    assert 'drop' == acme.send('POST', '/my', {'phone': '7'}).outcome
    assert '7' == acme.get('/my')['phone']


def test_holds_answers_back(acme: Account) -> None:
    """A delay is told to the server, and changes nothing else."""
    acme.cloud.faults.add(delay=2.5, count=1)
    response = acme.send('GET', '/my')
    assert (200, 2.5, 'reply') == (response.status, response.delay, response.outcome)
    assert acme.send('GET', '/my').delay == 0


def test_strikes_some_and_the_same_each_time(acme: Account) -> None:
    """With a probability the same requests are struck in each run."""

    def run() -> list[int]:
        acme.cloud.faults.clear()
        acme.cloud.faults.add(probability=0.2, status=502)
        return [acme.send('GET', '/my').status for _ in range(200)]

    first = run()
    assert first == run()
    assert 20 < first.count(502) < 60


def test_strikes_the_operations_that_are_named(acme: Account) -> None:
    """Names may be several, have stars in them, and be those of actions; case is ignored."""
    path = acme.machine()
    rule = acme.cloud.faults.add(['Create*Key', 'stopmachine'], status=500)
    assert 500 == acme.send('POST', '/my/keys', {}).status
    assert 500 == acme.send('POST', f'{path}?action=stop').status
    assert 202 == acme.send('POST', f'{path}?action=reboot').status
    assert 202 == acme.send('POST', path, {'action': 'rename', 'name': 'x'}).status
    assert 200 == acme.send('GET', '/my/keys').status
    acme.cloud.faults.add('UpdateMachine', status=502)
    assert 502 == acme.send('POST', f'{path}?action=reboot').status
    assert 2 == rule.struck


def test_tells_how_often_it_struck(acme: Account) -> None:
    """A rule counts what it strikes, and strikes no more once it is spent or removed."""
    faults = acme.cloud.faults
    first, second = faults.add(count=2, status=500), faults.add(status=502)
    assert [500, 500, 502, 502] == [acme.send('GET', '/my').status for _ in range(4)]
    assert (2, 2, 0) == (first.struck, second.struck, first.count)
    faults.remove(second)
    assert 200 == acme.send('GET', '/my').status
    assert 2 == second.struck


def test_chance_depends_on_the_seed() -> None:
    """The same seed and requests are the same mishaps; another seed has others."""

    def run(seed: int) -> list[tuple[int, float]]:
        acme = Account()
        acme.cloud.faults = Faults(seed)
        acme.cloud.faults.add(probability=0.3, delay=(0.5, 1.5))
        acme.cloud.faults.add(probability=0.3, status=500)
        answers = [acme.send('GET', '/my') for _ in range(60)]
        return [(answer.status, answer.delay) for answer in answers]

    assert run(7) == run(7) != run(8)
    delays = [delay for _, delay in run(7) if delay]
    assert 0.5 <= min(delays) < 0.8 < 1.2 < max(delays) <= 1.5


def test_flips_one_byte_of_a_body(acme: Account) -> None:
    """A flipped body is as long as before, and is not what its digest says."""
    good = acme.send('GET', '/my')
    acme.cloud.faults.add(outcome='flip')
    bad = acme.send('GET', '/my')
    assert 1 == sum(a != b for a, b in zip(good.body, bad.body, strict=True))
    digest = b64encode(hashlib.md5(bad.body).digest()).decode()
    assert good.headers['Content-MD5'] == bad.headers['Content-MD5'] != digest
    assert b'' == acme.send('HEAD', '/my').body


@pytest.mark.parametrize('outcome', ['drop', 'reset', 'hang'])
def test_does_no_work_without_an_answer(acme: Account, outcome: Any) -> None:
    """What is not answered is not done, unless the rule says after."""
    acme.cloud.faults.add('UpdateAccount', outcome=outcome, count=1)
    acme.cloud.faults.add('UpdateAccount', outcome=outcome, count=1, after=True)
    assert outcome == acme.send('POST', '/my', {'phone': '7'}).outcome
    assert 'phone' not in acme.get('/my')
    assert outcome == acme.send('POST', '/my', {'phone': '7'}).outcome
    assert '7' == acme.get('/my')['phone']


def test_throttles(acme: Account) -> None:
    """The throttle answers as CloudAPI does, or as its documentation says."""
    acme.cloud.faults.throttle('List*', count=1)
    text = 'You have exceeded your request rate of 10 r/s.'
    assert (429, 'TooManyRequestsError', text) == refusal(acme.send('GET', '/my/keys'))
    acme.cloud.faults.throttle(status=420, count=1)
    assert (420, 'RequestThrottled', text) == refusal(acme.send('GET', '/my/keys'))
    assert 200 == acme.send('GET', '/my/keys').status


def test_is_maintained(acme: Account) -> None:
    """Maintenance refuses what would change something, and tells when it is over."""
    rule = acme.cloud.faults.maintenance(until=START + 90)
    answers = [
        acme.send('POST', '/my', {'phone': '7'}),
        acme.send('DELETE', '/my/keys/test'),
        acme.send('PUT', '/my/config', {}),
    ]
    text = 'This Triton data center is being upgraded'
    assert [(503, 'ServiceUnavailableError', text)] * 3 == [refusal(each) for each in answers]
    assert {'Fri, 02 Jan 2026 03:05:35 GMT'} == {each.headers['Retry-After'] for each in answers}
    assert 200 == acme.send('GET', '/my').status == acme.send('HEAD', '/my').status
    acme.cloud.faults.remove(rule)
    assert 200 == acme.send('POST', '/my', {'phone': '7'}).status


NAMES = 'operation: expected the name of an operation, or a list of names, found'

RULES: list[tuple[dict[str, Any], str]] = [
    ({'operation': 'createMachin'}, "operation: there is no 'createMachin'; did you mean CreateM"),
    ({'operation': ['*', 'Xyz*']}, "operation: there is no 'Xyz*'; nothing is called like it"),
    ({'operation': []}, f'{NAMES} []'),
    ({'operation': 7}, f'{NAMES} 7'),
    ({'count': -1}, 'count: expected how many are struck, or nothing for no end, found -1'),
    ({'count': True}, 'count: expected how many are struck, or nothing for no end, found True'),
    ({'probability': 1.5}, 'probability: expected a number from 0 to 1, found 1.5'),
    ({'probability': float('nan')}, 'probability: expected a number from 0 to 1, found nan'),
    ({'status': '503'}, "status: expected a status of HTTP, or nothing, found '503'"),
    ({'status': 99}, 'status: expected a status of HTTP, or nothing, found 99'),
    ({'code': 5}, 'code: expected text, or nothing, found 5'),
    ({'message': None}, 'message: expected text, found None'),
    ({'headers': 'x'}, "headers: expected texts by name, found 'x'"),
    ({'headers': {'Retry-After': 5}}, "headers: expected texts by name, found {'Retry-After': 5}"),
    ({'delay': -1}, 'delay: expected seconds, or the least and the most of them, found -1'),
    ({'delay': [2, 1]}, 'delay: expected seconds, or the least and the most of them, found [2, 1]'),
    ({'outcome': 'dropp'}, "outcome: there is no 'dropp'; did you mean drop?"),
    ({'after': 1}, 'after: expected true or false, found 1'),
    ({'outcome': 'slow', 'rate': 0}, 'rate: expected bytes a second, found 0'),
    ({'job': 'fails'}, "job: there is no 'fails'; did you mean fail?"),
    ({'job_delay': -1}, 'job_delay: expected seconds, found -1'),
    ({'job': 'fail', 'status': 500}, 'job: a rule strikes jobs or answers; make another one for'),
    ({'job_delay': 5, 'outcome': 'cut'}, 'job: a rule strikes jobs or answers; make another one'),
]


@pytest.mark.parametrize(('rule', 'message'), RULES)
def test_says_what_is_wrong_with_a_rule(rule: dict[str, Any], message: str) -> None:
    """A rule that makes no sense is refused where it is made, with what would make sense."""
    faults = Faults()
    with pytest.raises(RuleError) as refused:
        faults.add(**rule)
    assert str(refused.value).startswith(message)
    assert faults.pick(['CreateMachine']) is faults.pick_job(['CreateMachine']) is None
    with pytest.raises(WorldError) as caught:
        Simulator({'faults': [{}, rule]})
    assert str(caught.value).startswith(f'world: faults[1].{message}')


def test_rules_stand_in_worlds_and_files(tmp_path: Path) -> None:
    """Rules of a world and of a file are in force from the start, and again after a reset."""
    rule = {'operation': 'ListKeys', 'status': 502, 'count': 1, 'delay': [0, 0.001]}
    path = tmp_path / 'faults.json'
    path.write_text(json.dumps([{**rule, 'operation': ['GetAcc*']}]))
    with pytest.raises(WorldError, match=r"faults\[0\].rule: there is no 'state'"):
        Simulator({'faults': [{'state': 500}]})
    simulator = Simulator({'faults': [rule]}, faults=path, job_time=0)
    with simulator:
        for _ in range(2):
            rules = [simulator.faults.pick([name]) for name in ('ListKeys', 'GetAccount')]
            assert [502, 502] == [rule.status if rule else None for rule in rules]
            assert simulator.faults.pick(['ListKeys']) is None
            simulator.faults.add(status=500)
            simulator.reset()
    assert [{**rule, 'operation': ['GetAcc*']}] == read(path)
