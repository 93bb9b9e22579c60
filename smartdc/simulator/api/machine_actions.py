"""What can be done to a machine, and what its jobs do when their time has come."""

from __future__ import annotations

from collections.abc import Callable

from smartdc.simulator import jobs, limits
from smartdc.simulator.api.disks import free_space
from smartdc.simulator.api.machine_view import is_virtual
from smartdc.simulator.api.networks import release
from smartdc.simulator.api.packages import is_active
from smartdc.simulator.calls import Call, failed, invalid, missing
from smartdc.simulator.jobs import Work
from smartdc.simulator.names import alias_fault, check_length
from smartdc.simulator.store import Doc
from smartdc.simulator.wire import Refusal


def start(call: Call) -> None:
    """Boot a machine; the job fails unless it is stopped."""
    _submit(call, 'start', 'start')


def stop(call: Call) -> None:
    """Shut a machine down; the job fails unless it runs."""
    _submit(call, 'stop', 'stop')


def reboot(call: Call) -> None:
    """Shut a machine down and boot it; the job fails unless it runs."""
    _submit(call, 'reboot', 'reboot')


def rename(call: Call) -> None:
    """Give a machine another name."""
    name = call.text('name')
    if not name:
        raise missing('New name must be specified')
    check_length(call, name)
    check_provisioned(call, 'update')
    fault = None if name == call.machine['name'] else alias_fault(call, name)
    if fault is not None:
        raise failed('Invalid VM update parameters', fault)
    jobs.submit(call, 'rename', name=name)


def resize(call: Call) -> None:
    """Give a machine another package."""
    package = _new_package(call)
    _check_memory(call, package)
    old = call.store.get('package', call.machine['package'], home=call.home) or {}
    if old.get('traits', {}) != package.get('traits', {}):
        raise invalid('Resizing to a package with differing traits not supported')
    if call.machine['brand'] == 'bhyve':
        _check_flexible(call, package)
    limits.check_resize(call, call.machine, package)
    _submit(
        call,
        'resize',
        'update',
        package=package['id'],
        memory=package['memory'],
        disk=package['disk'],
    )


def enable_firewall(call: Call) -> None:
    """Switch the firewall on."""
    _set(call, 'firewall_enabled', True)


def disable_firewall(call: Call) -> None:
    """Switch the firewall off."""
    _set(call, 'firewall_enabled', False)


def enable_deletion_protection(call: Call) -> None:
    """Keep a machine from being deleted."""
    _set(call, 'deletion_protection', True)


def disable_deletion_protection(call: Call) -> None:
    """Let a machine be deleted again."""
    _set(call, 'deletion_protection', False)


ACTIONS: dict[str, Callable[[Call], None]] = {
    action.__name__: action
    for action in (
        start,
        stop,
        reboot,
        resize,
        rename,
        enable_firewall,
        disable_firewall,
        enable_deletion_protection,
        disable_deletion_protection,
    )
}


#: What could be done to a machine in the first API.
FIRST = ('start', 'stop', 'reboot', 'resize')


def check_provisioned(call: Call, verb: str) -> None:
    """Refuse to touch a machine that isn't there yet."""
    if call.machine['state'] == 'provisioning':
        text = f'Cannot call {verb} for a VM that has not been provisioned yet'
        raise Refusal(409, 'UnallocatedVM', text)


def _submit(call: Call, kind: str, verb: str, **params: object) -> None:
    check_provisioned(call, verb)
    jobs.submit(call, kind, **params)


def _set(call: Call, field: str, value: bool) -> None:
    """Switch something on or off; without a job when it is so already."""
    if call.machine.get(field, False) is not value:
        prefix = 'enable' if value else 'disable'
        _submit(call, f'{prefix}_{field.removesuffix("_enabled")}', 'update')


def _new_package(call: Call) -> Doc:
    """Return the package to resize to."""
    if call.machine['brand'] == 'kvm':
        raise invalid('resize is not supported for KVM virtualmachines')
    if call.package is None:
        if call.params.get('package'):
            raise invalid(f'{call.text("package")} is not a valid package')
        raise missing('package must be specified')
    if not is_active(call.package):
        text = f'{call.text("package")} is inactive. Must use an active package'
        raise invalid(text)
    return call.package


def _check_memory(call: Call, package: Doc) -> None:
    """Refuse a package that the machine's image is not made for."""
    image = call.store.get('image', call.machine['image'], home=call.home) or {}
    needs = image.get('requirements', {})
    memory = package['memory']
    if memory < needs.get('min_ram', 0):
        text = f'Package RAM ({memory}) is less than allowed by the image ({needs["min_ram"]})'
        raise invalid(text)
    if memory > needs.get('max_ram', memory):
        text = f'Package RAM ({memory}) is more than allowed by the image ({needs["max_ram"]})'
        raise invalid(text)


def _check_flexible(call: Call, package: Doc) -> None:
    if not package.get('flexible_disk'):
        raise invalid('resize of bhyve VMs needs a package with flexible_disk')
    if call.machine['state'] != 'stopped':
        raise Refusal(409, 'VmNotStopped', 'VM must be stopped before it can be resized')


#: The states of a machine that was provisioned and is still there.
_THERE = ('running', 'stopping', 'stopped', 'ready', 'offline', 'unknown')


def _unprovisioned(work: Work) -> None:
    work.machine['state'] = 'failed'


@jobs.job('provision', needs=('provisioning',), undo=_unprovisioned)
def _provisioned(work: Work) -> None:
    work.machine['state'] = 'running'


@jobs.job('start', needs=('stopped',))
def _started(work: Work) -> None:
    work.machine['state'] = 'running'


@jobs.job('stop', needs=('running',), through=('stopping',))
def _stopped(work: Work) -> None:
    work.machine['state'] = 'stopped'


@jobs.job('reboot', needs=('running',), through=('stopping', 'ready'))
def _rebooted(work: Work) -> None:
    work.machine['state'] = 'running'


@jobs.job('destroy', through=('stopping',))
def _destroyed(work: Work) -> None:
    work.machine['state'] = 'deleted'
    release(work.store, work.home, work.machine)
    work.store.delete('migration', work.machine['id'], home=work.home)


@jobs.job('rename', needs=_THERE)
def _renamed(work: Work) -> None:
    work.machine['name'] = work.params['name']


@jobs.job('resize', needs=_THERE)
def _resized(work: Work) -> None:
    if is_virtual(work.machine) and not work.machine.get('flexible'):
        del work.params['disk']
    work.machine.update(work.params)
    if work.machine.get('flexible'):
        work.machine['free_space'] = free_space(work.machine)


@jobs.job('enable_firewall', audit='unknown', needs=_THERE)
def _firewall_enabled(work: Work) -> None:
    work.machine['firewall_enabled'] = True


@jobs.job('disable_firewall', audit='unknown', needs=_THERE)
def _firewall_disabled(work: Work) -> None:
    work.machine['firewall_enabled'] = False


@jobs.job('enable_deletion_protection')
def _protected(work: Work) -> None:
    work.machine['deletion_protection'] = True


@jobs.job('disable_deletion_protection')
def _unprotected(work: Work) -> None:
    work.machine['deletion_protection'] = False
