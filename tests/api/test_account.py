"""The account chapter."""

import pytest

from smartdc import DataCenter, InvalidArgument
from smartdc.simulator import Simulator


def test_account_tells_who_owns_and_teaches_the_login(cloud: Simulator, sdc: DataCenter) -> None:
    """The account's dict comes whole, and `my` becomes its name."""
    sdc.login = 'my'
    account = sdc.account()

    assert cloud.account == account['login'] == sdc.login
    assert {'id', 'login', 'email', 'triton_cns_enabled', 'created', 'updated'} <= account.keys()


def test_update_account_changes_what_is_given(sdc: DataCenter) -> None:
    """Arguments go under CloudAPI's names, by position as in 0.2.0 or by keyword."""
    changed = sdc.update_account('ann@example.com', 'Acme', phone='+31', triton_cns_enabled=True)

    assert ('ann@example.com', 'Acme', '+31', True) == tuple(
        sdc.account()[name] for name in ('email', 'companyName', 'phone', 'triton_cns_enabled')
    )
    assert changed['companyName'] == 'Acme'


def test_update_account_goes_in_the_body(cloud: Simulator, sdc: DataCenter) -> None:
    """Personal data does not stand in the URL, where logs would keep it."""
    sdc.update_account(phone='+31')

    assert '+31' not in cloud.requests[-1].target
    assert b'"phone"' in cloud.requests[-1].body


def test_what_the_server_refuses_is_an_error(sdc: DataCenter) -> None:
    """A bad value raises and changes nothing."""
    with pytest.raises(InvalidArgument):
        sdc.update_account(triton_cns_enabled='maybe')  # type: ignore[arg-type]

    assert sdc.account()['triton_cns_enabled'] is False


def test_limits_are_a_list(sdc: DataCenter) -> None:
    """An account without limits has an empty list."""
    assert [] == sdc.limits()


def test_config_keeps_the_default_network(sdc: DataCenter) -> None:
    """The network that was set is the one that is told."""
    network = next(each['id'] for each in sdc.networks() if not each['public'])
    updated = sdc.update_config(default_network=network)

    assert {'default_network': network} == updated == sdc.config()


def test_an_unknown_default_network_is_refused(sdc: DataCenter) -> None:
    """The server's own words say so."""
    with pytest.raises(InvalidArgument, match='unknown network'):
        sdc.update_config(default_network='00000000-0000-4000-8000-000000000000')
