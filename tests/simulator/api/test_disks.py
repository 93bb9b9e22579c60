"""The disks of bhyve machines."""

from __future__ import annotations

from typing import Any

import pytest

from tests.simulator.clouds import Account, read, refusal


@pytest.fixture
def acme() -> Account:
    """Return an account whose jobs take 10 seconds."""
    return Account(job_time=10)


def machine(acme: Account, stopped: bool = True, **body: Any) -> str:
    """Make a bhyve machine with room for more disks, and return its path."""
    image = acme.get('/my/images?type=zvol')[0]['id']
    wanted = {'disks': [{}, {'size': 20480}], **body}
    path = acme.machine(image=image, package='b1-standard', brand='bhyve', **wanted)
    if stopped:
        acme.post(f'{path}?action=stop')
        acme.done()
    return f'{path}/disks'


def disks(acme: Account, path: str) -> list[tuple[str, int, str]]:
    """Return slot, size and state of each disk."""
    return [(disk['pci_slot'], disk['size'], disk['state']) for disk in acme.get(path)]


def test_adds_a_disk(acme: Account) -> None:
    """Without a slot nothing is answered; the disk is creating, then has the machine's state."""
    path = machine(acme)
    response = acme.send('POST', path, {'size': 1024})

    assert (202, b'') == (response.status, response.body)
    assert ('0:4:2', 1024, 'creating') == disks(acme, path)[2]
    acme.done()
    assert ('0:4:2', 1024, 'stopped') == disks(acme, path)[2]
    assert 102400 - 10240 - 20480 - 1024 == acme.get(path.removesuffix('/disks'))['free_space']
    assert ('unknown', 'yes') == acme.audit(path.removesuffix('/disks'))[0]


def test_answers_a_disk_whose_slot_is_given(acme: Account) -> None:
    """Then there is an answer, and a place to look."""
    path = machine(acme)
    response = acme.send('POST', path, {'size': 'remaining', 'pci_slot': '0:4:5'})
    disk = read(response)

    assert (200, '0:4:5', 71680, 'creating', False) == (
        response.status,
        disk['pci_slot'],
        disk['size'],
        disk['state'],
        disk['boot'],
    )
    assert f'{path}/{disk["id"]}'.replace('/my/', '/acme/') == response.headers['Location']
    again = acme.send('POST', path, {'size': 1, 'pci_slot': '0:4:6'})
    assert (409, 'InsufficientDiskSpace') == refusal(again)[:2]


@pytest.mark.parametrize(
    ('body', 'code', 'message'),
    [
        ({}, 'MissingParameter', 'size must be specified'),
        ({'size': 'big'}, 'InvalidArgument', 'size must be a number'),
        ({'size': -5}, 'InvalidArgument', 'size must be a number'),
        ({'size': 10, 'pci_slot': 'x'}, 'InvalidArgument', 'pci_slot has wrong format'),
        ({'size': 10, 'pci_slot': 5}, 'InvalidArgument', 'pci_slot has wrong format'),
        ({'size': 10, 'pci_slot': '0:4:1'}, 'ValidationFailed', 'Invalid VM update parameters'),
    ],
)
def test_refuses_a_disk(acme: Account, body: dict[str, Any], code: str, message: str) -> None:
    """The checks come in the server's order."""
    assert (409, code, message) == refusal(acme.send('POST', machine(acme), body))


def test_a_machine_has_up_to_eight_disks(acme: Account) -> None:
    """The ninth is refused."""
    path = machine(acme)
    for _ in range(6):
        assert 202 == acme.send('POST', path, {'size': 10}).status
    text = 'A maximum of 8 disks per VM are supported'
    response = acme.send('POST', path, {'size': 10})
    assert (409, 'InvalidArgument', text) == refusal(response)


def test_a_running_machine_keeps_its_disks(acme: Account) -> None:
    """To add, resize and delete one the machine has to be stopped."""
    path = machine(acme, stopped=False)
    disk = acme.get(path)[1]['id']
    for method, target in (
        ('POST', path),
        ('POST', f'{path}/{disk}'),
        ('DELETE', f'{path}/{disk}'),
    ):
        response = acme.send(method, target, {'size': 30720})
        assert (409, 'InvalidArgument', 'VM must be stopped') == refusal(response)


def test_resizes_a_disk(acme: Account) -> None:
    """It is resizing until it has its size; to shrink it has to be allowed."""
    path = machine(acme)
    disk = f'{path}/{acme.get(path)[1]["id"]}'

    assert 'resizing' == acme.post(disk, {'size': 30720})['state']
    acme.done()
    assert ('0:4:1', 30720, 'stopped') == disks(acme, path)[1]
    refused = acme.send('POST', disk, {'size': 1024})
    assert (409, 'ValidationFailed') == refusal(refused)[:2]
    assert 200 == acme.send('POST', disk, {'size': 1024, 'dangerous_allow_shrink': True}).status
    acme.done()
    assert ('0:4:1', 1024, 'stopped') == disks(acme, path)[1]


@pytest.mark.parametrize(
    ('body', 'code', 'message'),
    [
        ({}, 'MissingParameter', 'size must be specified'),
        ({'size': 'remaining'}, 'InvalidArgument', 'size must be a number'),
        (
            {'size': 5, 'dangerous_allow_shrink': 'yes'},
            'InvalidArgument',
            'dangerous_allow_shrink must be a boolean',
        ),
        (
            {'size': 999999},
            'InsufficientDiskSpace',
            'There is not enough free space: 71680 MiB are left',
        ),
    ],
)
def test_refuses_a_size(acme: Account, body: dict[str, Any], code: str, message: str) -> None:
    """What is missing, wrong or too much is said."""
    path = machine(acme)
    disk = f'{path}/{acme.get(path)[1]["id"]}'
    assert (409, code, message) == refusal(acme.send('POST', disk, body))


def test_deletes_a_disk(acme: Account) -> None:
    """It is deleting, then gone; the boot disk stays."""
    path = machine(acme)
    boot, data = (f'{path}/{disk["id"]}' for disk in acme.get(path))

    assert 204 == acme.send('DELETE', data).status
    assert 'deleting' == acme.get(data)['state']
    acme.done()
    assert (404, 'ResourceNotFound', 'disk not found') == refusal(acme.send('GET', data))
    assert (409, 'ValidationFailed') == refusal(acme.send('DELETE', boot))[:2]
    assert (404, 'ResourceNotFound', 'disk not found') == refusal(acme.send('DELETE', data))


def test_needs_a_bhyve_machine_with_a_flexible_package(acme: Account) -> None:
    """What the server never answers is an InternalError here."""
    zone = acme.machine()
    response = acme.send('POST', f'{zone}/disks', {'size': 10})
    assert (500, 'InternalError') == refusal(response)[:2]
    package = {'name': 'fixed', 'memory': 2048, 'disk': 20480, 'brand': 'bhyve'}
    fixed = Account({'packages': [package]})
    image = fixed.get('/my/images?type=zvol')[0]['id']
    path = fixed.machine(image=image, package='fixed')
    fixed.post(f'{path}?action=stop')
    response = fixed.send('POST', f'{path}/disks', {'size': 10})
    assert (409, 'VmWithoutFlexibleDiskSize') == refusal(response)[:2]
