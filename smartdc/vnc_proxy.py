"""`python -m smartdc vnc`: lets a VNC viewer on this computer show a machine's screen."""

from __future__ import annotations

import argparse
import contextlib
import socket
import sys
import threading
from collections.abc import Sequence

from smartdc.console import Console
from smartdc.datacenter import DataCenter
from smartdc.errors import InvalidInput, SmartDCError
from smartdc.machine import Machine

_CHUNK = 65536


def main(sdc: DataCenter, argv: Sequence[str]) -> int:
    """Serve the screen of the machine that the arguments name, until Ctrl-C."""
    options = _parser().parse_args(argv)
    try:
        machine = sdc.machine(options.name)
        # Not the first viewer should find out that there is no screen.
        machine.vnc().close()
        listener = _listening(options.port)
    except SmartDCError as error:
        sys.stderr.write(f'smartdc: {error}\n')
        return 1
    with contextlib.suppress(KeyboardInterrupt), listener:
        port = listener.getsockname()[1]
        sys.stdout.write(f'vnc://127.0.0.1:{port} shows {machine.name}; Ctrl-C ends it\n')
        sys.stdout.flush()
        serve(machine, listener)
    return 0


def serve(machine: Machine, listener: socket.socket) -> None:
    """Connect each viewer that comes with the machine's screen, until the listener is closed.

    At the end the viewers that are still there are disconnected.
    """
    viewers: list[tuple[socket.socket, threading.Thread]] = []
    try:
        while True:
            try:
                viewer, _ = listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=_show, args=(machine, viewer), daemon=True)
            viewers = [each for each in viewers if each[1].is_alive()]
            viewers.append((viewer, thread))
            thread.start()
    finally:
        for viewer, thread in viewers:
            _shut(viewer)
            thread.join()


def _show(machine: Machine, viewer: socket.socket) -> None:
    """Carry bytes both ways until one end has enough."""
    with viewer:
        try:
            console = machine.vnc()
        except SmartDCError as error:
            sys.stderr.write(f'smartdc: {error}\n')
            return
        back = threading.Thread(target=_to_viewer, args=(console, viewer), daemon=True)
        with console:
            back.start()
            with contextlib.suppress(SmartDCError, OSError):
                while data := viewer.recv(_CHUNK):
                    console.write(data)
        back.join()


def _to_viewer(console: Console, viewer: socket.socket) -> None:
    with contextlib.suppress(SmartDCError, OSError):
        while data := console.recv():
            viewer.sendall(data)
    _shut(viewer)


def _shut(viewer: socket.socket) -> None:
    """End a connection, so that whoever reads from it wakes up."""
    with contextlib.suppress(OSError):
        viewer.shutdown(socket.SHUT_RDWR)


def _listening(port: int) -> socket.socket:
    if not 0 <= port <= 65535:
        raise InvalidInput(f'cannot listen on 127.0.0.1:{port}: there is no such port')
    try:
        return socket.create_server(('127.0.0.1', port))
    except OSError as error:
        reason = error.strerror or error
        raise InvalidInput(f'cannot listen on 127.0.0.1:{port}: {reason}') from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='python -m smartdc vnc',
        description='Listen on this computer, and show a VNC viewer that connects the screen of '
        'a kvm or bhyve machine.',
    )
    parser.add_argument('name', metavar='NAME', help="the machine's name or id")
    parser.add_argument(
        '--port', type=int, default=0, metavar='N', help='the port to listen on; any if not given'
    )
    return parser
