"""Screens of machines: the stream of bytes, and the command that serves it to viewers."""

from __future__ import annotations

import io
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from smartdc import DataCenter, Machine, deadline, errors
from smartdc.simulator import Simulator
from smartdc.vnc_proxy import main, serve
from tests.test_main import run, settings


def virtual(sdc: DataCenter) -> Machine:
    """Create a hardware virtual machine."""
    image = next(each for each in sdc.images() if each.get('type') == 'zvol')
    package = next(each for each in sdc.packages() if each.get('brand') == 'bhyve')
    return sdc.create_machine(name='screen', image=image, package=package['name'])


@pytest.fixture
def screen(sdc: DataCenter) -> Machine:
    """Return a hardware virtual machine that runs."""
    machine = virtual(sdc)
    machine.poll_until('running')
    return machine


def test_bytes_go_both_ways(screen: Machine, cloud: Simulator) -> None:
    """It reads and writes like any raw stream, and the subprotocol is binary."""
    with screen.vnc() as console:
        assert 12 == console.write(b'RFB 003.008\n')
        assert b'RFB' == console.read(3)
        assert b' 003.008\n' == console.read(100)
        console.write(bytearray(b'one'))
        console.write(memoryview(b'two'))
        assert b'o' == console.read(1)
        assert (b'ne', b'two') == (console.recv(), console.recv())
        assert console.readable()
        assert console.writable()
    asked = cloud.requests[-1]

    assert ('~9||~8', 'binary') == tuple(
        asked.headers[name] for name in ('accept-version', 'sec-websocket-protocol')
    )
    assert console.closed
    console.close()


def test_exact_amounts_can_be_read(screen: Machine) -> None:
    """A buffer of the standard library makes exact amounts of what comes in pieces."""
    with screen.vnc() as console:
        pair = io.BufferedRWPair(console, console)
        for part in (b'a' * 70_000, b'b' * 70_000):
            pair.write(part)
            pair.flush()

        assert b'a' * 70_000 + b'b' * 70_000 == pair.read(140_000)


def test_a_read_ends_in_time(screen: Machine) -> None:
    """Timeout is raised when nothing comes, and one can go on."""
    with screen.vnc(timeout=0.02) as console:
        with pytest.raises(errors.Timeout, match=f'console of {screen.id} in 0.02 s'):
            console.read(1)
        console._timeout = 20
        console.write(b'x')
        assert b'x' == console.read(1)


def test_a_read_ends_at_the_deadline(screen: Machine) -> None:
    """Whether the console has a timeout of its own or none, and connecting as well."""
    for timeout in (None, 3600):
        with screen.vnc(timeout=timeout) as console:
            with (
                deadline(0.05),
                pytest.raises(errors.Timeout, match=f'{screen.id} before the deadline'),
            ):
                console.recv()
            console.write(b'x')
            assert b'x' == console.read(1)
    with deadline(0), pytest.raises(errors.Timeout, match='nothing was sent'):
        screen.vnc()


def test_an_empty_message_is_no_end(screen: Machine) -> None:
    """What comes after it is read."""
    with screen.vnc() as console:
        for each in (b'', b'', b'one', b'', b'two'):
            console.write(each)

        assert b'one' == console.recv()
        assert b'two' == console.read(100)


@pytest.mark.parametrize('wrong', [5, 'text', None, [1, 2]])
def test_only_bytes_are_written(screen: Machine, wrong: object) -> None:
    """A number is not as many zeros, and a text has to be encoded."""
    with screen.vnc() as console:
        with pytest.raises(errors.InvalidInput, match='bytes, not'):
            console.write(wrong)
        console.write(b'x')

        assert b'x' == console.recv()


def test_nothing_is_read_after_closing(screen: Machine) -> None:
    """Neither what was left of a message nor what came and was not read."""
    with screen.vnc() as console:
        console.write(b'one')
        console.write(b'two')
        assert b'o' == console.read(1)

    assert (b'', b'', b'') == (console.read(1), console.recv(), console.recv())


def test_closing_ends_a_read_from_another_thread(screen: Machine) -> None:
    """A read that waits returns nothing, as at the end; writing is refused then."""
    console = screen.vnc()
    got: list[bytes | None] = []
    thread = threading.Thread(target=lambda: got.append(console.read(1)))
    thread.start()
    console.close()
    thread.join(20)

    assert not thread.is_alive()
    assert [b''] == got or [] == got
    assert b'' == console.recv()
    with pytest.raises(errors.ConnectionFailed, match='connected no more'):
        console.write(b'x')


def test_a_broken_connection_is_an_error() -> None:
    """What is neither an end nor a timeout is ConnectionFailed."""
    with Simulator(job_time=0) as cloud, cloud.datacenter() as sdc:
        machine = virtual(sdc)
        machine.poll_until('running', 0.01)
        console = machine.vnc(timeout=20)
    with pytest.raises(errors.ConnectionFailed, match='broke off'):
        console.read(1)
    console.close()


def test_refusals_are_errors_of_their_own(screen: Machine, machine: Machine) -> None:
    """A zone has no screen, and a machine that does not run shows none."""
    with pytest.raises(errors.MachineHasNoVNC, match='joyent'):
        machine.vnc()
    screen.stop()
    screen.poll_until('stopped')
    with pytest.raises(errors.MachineStopped):
        screen.vnc()


def test_viewers_see_the_screen(screen: Machine) -> None:
    """Several viewers at once each have a connection of their own; one that goes is no matter."""
    with socket.create_server(('127.0.0.1', 0)) as listener:
        thread = threading.Thread(target=serve, args=(screen, listener))
        thread.start()
        viewers = [socket.create_connection(listener.getsockname(), 20) for _ in range(3)]
        for number, viewer in enumerate(viewers):
            viewer.sendall(b'%d' % number)
        assert [b'0', b'1', b'2'] == [viewer.recv(10) for viewer in viewers]
        viewers[0].close()
        viewers[1].sendall(b'x')
        assert b'x' == viewers[1].recv(10)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(20)
        assert not thread.is_alive()
        assert [b'', b''] == [viewer.recv(10) for viewer in viewers[1:]]
        for viewer in viewers:
            viewer.close()


def test_a_viewer_without_a_screen_is_sent_away(
    screen: Machine, capsys: pytest.CaptureFixture[str]
) -> None:
    """When the machine has stopped meanwhile, the reason is shown and the viewer gets no bytes."""
    with socket.create_server(('127.0.0.1', 0)) as listener:
        thread = threading.Thread(target=serve, args=(screen, listener))
        thread.start()
        screen.stop()
        screen.poll_until('stopped')
        with socket.create_connection(listener.getsockname(), 20) as viewer:
            assert b'' == viewer.recv(10)
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(20)

    assert 'MachineStopped' in capsys.readouterr().err


@pytest.mark.parametrize(
    ('arguments', 'text'),
    [
        (['nobody'], "no machine has the name or short id 'nobody'"),
        (['web0'], 'MachineHasNoVNC'),
        (['screen', '--port', '70000'], 'cannot listen on 127.0.0.1:70000'),
    ],
)
def test_the_command_says_what_is_wrong(
    sdc: DataCenter,
    screen: Machine,
    machine: Machine,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    text: str,
) -> None:
    """It ends with status 1 before it listens, with one line."""
    assert 1 == main(sdc, arguments)
    said = capsys.readouterr()
    assert ('', True) == (said.out, text in said.err)
    assert 1 == said.err.count('\n')


def test_the_command_serves_a_viewer_until_it_is_interrupted(tmp_path: Path) -> None:
    """`python -m smartdc vnc NAME` prints where it listens; Ctrl-C ends it with status 0."""
    with Simulator(job_time=0) as cloud, cloud.datacenter() as sdc:
        virtual(sdc).poll_until('running', 0.01)
        process = subprocess.Popen(
            [sys.executable, '-m', 'smartdc', 'vnc', 'screen'],
            env={'PATH': os.environ['PATH'], 'HOME': str(tmp_path), **settings(cloud)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        line = process.stdout.readline()
        port = int(line.split()[0].rpartition(':')[2])
        with socket.create_connection(('127.0.0.1', port), 20) as viewer:
            viewer.sendall(b'RFB 003.008\n')
            assert b'RFB 003.008\n' == viewer.recv(100)
            process.send_signal(signal.SIGINT)
            assert b'' == viewer.recv(100)
        out, err = process.communicate(timeout=20)

    assert f'vnc://127.0.0.1:{port} shows screen; Ctrl-C ends it\n' == line
    assert (0, '', '') == (process.returncode, out, err)


def test_a_script_of_that_name_is_still_a_script(tmp_path: Path) -> None:
    """With a slash in it the argument is a path."""
    (tmp_path / 'vnc').write_text('print("a script", __name__)\n')

    assert 'a script __main__\n' == run('--local', str(tmp_path / 'vnc')).stdout
    assert 'vnc NAME' in run('--help').stdout
    assert '--port N' in run('--local', 'vnc', '--help').stdout
