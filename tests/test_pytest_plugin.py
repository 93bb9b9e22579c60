"""The plugin for pytest, as a user's tests see it: by pytest in pytest."""

from __future__ import annotations

import json
import os

import pytest

#: A script of a user, which finds its data center in the environment.
SCRIPT = """
from smartdc import DataCenter

def replace(name):
    with DataCenter.from_profile() as sdc:
        for machine in sdc.machines(name=name):
            machine.stop()
            machine.poll_until('stopped')
            machine.delete()
        sdc.create_machine(name=f'{name}-new').poll_until('running')

if __name__ == '__main__':
    replace('web0')
"""


def passes(pytester: pytest.Pytester, code: str, count: int = 1) -> None:
    """Check that all tests in a file of these lines pass."""
    pytester.makepyfile(code)
    pytester.runpytest('-p', 'no:randomly').assert_outcomes(passed=count)


def test_a_script_is_tested_offline(pytester: pytest.Pytester) -> None:
    """The environment leads a script to the simulator, and waiting takes no time."""
    pytester.makepyfile(script=SCRIPT)
    passes(
        pytester,
        """
        import pytest, script

        @pytest.mark.smartdc_world({'machines': [{'name': 'web0'}]}, job_time=60)
        def test_replace(smartdc_simulator, smartdc_datacenter):
            script.replace('web0')
            assert ['web0-new'] == [each.name for each in smartdc_datacenter.machines()]
            smartdc_simulator.assert_requested('StopMachine', count=1)
        """,
    )


def test_a_script_may_be_a_program(pytester: pytest.Pytester) -> None:
    """A process of its own reaches the simulator through the environment alone."""
    pytester.makepyfile(script=SCRIPT)
    passes(
        pytester,
        """
        import pytest, subprocess, sys

        @pytest.mark.smartdc_world({'machines': [{'name': 'web0'}]})
        def test_replace(smartdc_simulator):
            subprocess.run([sys.executable, 'script.py'], check=True)
            smartdc_simulator.assert_requested('StopMachine', count=1)
            smartdc_simulator.assert_requested('CreateMachine', body={'name': 'web0-new'})
        """,
    )


def test_each_test_gets_a_new_cloud(pytester: pytest.Pytester) -> None:
    """Neither machines, nor requests, nor faults, nor the time come from the test before."""
    passes(
        pytester,
        """
        import pytest, time

        @pytest.mark.parametrize('turn', [1, 2])
        def test_new(smartdc_simulator, smartdc_datacenter, turn):
            assert [] == smartdc_simulator.requests
            assert [] == smartdc_datacenter.machines()
            assert abs(smartdc_simulator.clock.now() - time.time()) < 60
            smartdc_datacenter.create_machine(name='web0')
            smartdc_simulator.faults.add('ListMachines', status=404)
            smartdc_simulator.clock.sleep(3600)
        """,
        2,
    )


def test_tests_alike_share_a_server(pytester: pytest.Pytester) -> None:
    """The server stays while tests want the same, and another world has another server."""
    passes(
        pytester,
        """
        import pytest

        seen = []

        @pytest.mark.parametrize('turn', [1, 2])
        def test_one(smartdc_simulator, turn):
            seen.append(smartdc_simulator)

        @pytest.mark.smartdc_world({'datacenters': ['here']})
        def test_other(smartdc_simulator):
            assert ['here'] == list(smartdc_simulator.urls)
            assert seen[0] is seen[1] is not smartdc_simulator
            with pytest.raises(RuntimeError, match='does not run'):
                seen[0].urls
        """,
        3,
    )


def test_the_clock_is_stepped(pytester: pytest.Pytester) -> None:
    """A job ends when its time has come, by a test's steps, by looks, or by waiting."""
    passes(
        pytester,
        """
        import pytest
        from smartdc import DataCenter

        @pytest.mark.smartdc_world(job_time=30)
        def test_steps(smartdc_simulator, smartdc_datacenter):
            machine = smartdc_datacenter.create_machine()
            assert 'provisioning' == machine.status()
            smartdc_simulator.clock.sleep(30)
            assert 'running' == machine.status()

        @pytest.mark.smartdc_world(job_time=30, per_look=10)
        def test_looks(smartdc_datacenter):
            machine = smartdc_datacenter.create_machine()
            states = [machine.status() for _ in range(3)]
            assert ['provisioning', 'provisioning', 'running'] == states

        @pytest.mark.smartdc_world(job_time=30, start=1767323045)
        def test_waiting(smartdc_simulator):
            machine = DataCenter.from_profile().create_machine()
            machine.poll_until('running', timeout=40)
            assert 1767323075 <= smartdc_simulator.clock.now() <= 1767323085
        """,
        3,
    )


def test_worlds_come_from_files(pytester: pytest.Pytester) -> None:
    """The ini file names one beside itself, a mark one beside the test, or none."""
    pytester.makeini('[pytest]\nsmartdc_world = world.json\nsmartdc_job_time = 30\n')
    pytester.path.joinpath('world.json').write_text(json.dumps({'machines': [{'name': 'a'}]}))
    folder = pytester.mkdir('inner')
    folder.joinpath('other.json').write_text(json.dumps({'machines': [{'name': 'b'}]}))
    folder.joinpath('test_it.py').write_text(
        """
import pytest

def names(datacenter):
    return [machine.name for machine in datacenter.machines()]

def test_ini(smartdc_datacenter):
    assert ['a'] == names(smartdc_datacenter)
    assert 'provisioning' == smartdc_datacenter.create_machine().status()

@pytest.mark.smartdc_world('other.json')
class TestMarks:
    def test_mark(self, smartdc_datacenter):
        assert ['b'] == names(smartdc_datacenter)

    @pytest.mark.smartdc_world(job_time=0)
    def test_both(self, smartdc_datacenter):
        assert ['b'] == names(smartdc_datacenter)
        assert 'running' == smartdc_datacenter.create_machine().status()

    @pytest.mark.smartdc_world(None)
    def test_default(self, smartdc_datacenter):
        assert [] == names(smartdc_datacenter)
"""
    )

    pytester.runpytest().assert_outcomes(passed=4)


def test_the_environment_is_cleaned_and_put_back(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A user's own profile, roles and proxies stay out of a test, and are there after it."""
    mine = {
        'TRITON_PROFILE': 'production',
        'TRITON_ROLE': 'ops',
        'SDC_TESTING': '1',
        'http_proxy': 'http://127.0.0.1:9',
        'NO_PROXY': 'intranet',
    }
    for name, value in mine.items():
        monkeypatch.setenv(name, value)
    passes(
        pytester,
        """
        import os
        from smartdc import DataCenter, profiles

        def test_environment(smartdc_simulator):
            sdc = DataCenter.from_profile()
            assert smartdc_simulator.url() == sdc.base_url
            assert ((), smartdc_simulator.account) == (sdc.as_role, sdc.login)
            assert ['env'] == [each.name for each in profiles.list()]
            assert 'pong' == sdc.ping()['ping']
            assert 1 == len(sdc.keys())
            assert 'SDC_TESTING' not in os.environ
            assert 'intranet,127.0.0.1' == os.environ['NO_PROXY'] == os.environ['no_proxy']
            assert os.environ['TRITON_KEY_ID'] == os.environ['SDC_KEY_ID']
        """,
    )

    assert mine == {name: os.environ[name] for name in mine}
    assert 'no_proxy' not in os.environ


def test_a_failure_shows_the_requests(pytester: pytest.Pytester) -> None:
    """The report has what came in, and a mismatch ends in the test's own line."""
    pytester.makepyfile("""
        def test_never_stopped(smartdc_simulator, smartdc_datacenter):
            smartdc_datacenter.create_machine(name='web0')
            smartdc_simulator.assert_requested('StopMachine', count=1)
    """)
    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "> *smartdc_simulator.assert_requested('StopMachine', count=1)",
            'E *RequestMismatch: expected StopMachine: 1, but there were 0*',
            'test_a_failure_shows_the_requests.py:3: RequestMismatch',
            '*smartdc requests*',
            '  *us-sw-1 POST /acme/machines CreateMachine: 201',
        ]
    )


@pytest.mark.parametrize(
    ('mark', 'said'),
    [
        ("{'machines': [{'nme': 'a'}]}", 'world: machines[[]0].nme: unknown*'),
        ("'nowhere.json'", 'world: cannot read *nowhere.json: *'),
        ('jobtime=3', "*unexpected keyword argument 'jobtime'; smartdc_world(world=None, *"),
        ('None, 3', '*positional argument*; smartdc_world(world=None, *'),
    ],
)
def test_a_wrong_mark_is_explained(pytester: pytest.Pytester, mark: str, said: str) -> None:
    """The test says in one line what is wrong with its world."""
    pytester.makepyfile(f"""
        import pytest

        @pytest.mark.smartdc_world({mark})
        def test_nothing(smartdc_simulator):
            pass
    """)
    result = pytester.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([f'smartdc_simulator: {said}'])
    result.stdout.no_fnmatch_line('*Traceback*')


def test_nothing_is_loaded_before_it_is_used(pytester: pytest.Pytester) -> None:
    """A session whose tests ask for no fixture has the stub, and nothing else of the package."""
    pytester.makeconftest("""
        import sys

        def pytest_unconfigure():
            print(sorted(name for name in sys.modules if name.startswith(('smartdc', 'requests'))))
    """)
    pytester.makepyfile('def test_nothing(): pass')
    result = pytester.runpytest_subprocess()

    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["[[]'smartdc', 'smartdc.pytest_plugin'[]]"])


def test_pytest_lists_fixtures_and_mark(pytester: pytest.Pytester) -> None:
    """`--fixtures` and `--markers` say what there is."""
    pytester.runpytest('--fixtures').stdout.fnmatch_lines(
        ['smartdc_simulator -- *', '*Yield a CloudAPI on loopback, new to each test*']
    )
    pytester.runpytest('--markers').stdout.fnmatch_lines(['@pytest.mark.smartdc_world(*'])
