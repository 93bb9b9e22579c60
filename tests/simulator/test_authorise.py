"""What policies are asked about a request: its action, its resource, and its circumstances."""

from __future__ import annotations

from typing import Any

import pytest

from smartdc.simulator.world import WorldError
from tests.simulator.clouds import Account, refusal
from tests.simulator.signer import Signer, signer

BOB = signer('acme/users/bob')
ID = '11111111-2222-4333-8444-555555555555'
M = f'/acme/machines/{ID}'


def account(**more: Any) -> dict[str, Any]:
    """Return an account with a sub-user who has a role that allows nothing."""
    return {
        'login': 'acme',
        'users': [{'login': 'bob', 'keys': [{'key': BOB.public}]}],
        'roles': [{'name': 'dev', 'members': ['bob']}],
        **more,
    }


def cloud(*rules: str, machine: dict[str, Any] | None = None, **more: Any) -> Account:
    """Return a cloud with one machine, on which these rules hold for bob."""
    role = {'name': 'dev', 'members': ['bob'], 'policies': ['p']}
    given = account(policies=[{'name': 'p', 'rules': list(rules)}], roles=[role], **more)
    wanted = {'id': ID, 'role_tags': ['dev'], **(machine or {})}
    return Account({'accounts': [given], 'machines': [wanted]})


def allowed(acme: Account, path: str = M, method: str = 'GET', **headers: Any) -> bool:
    """Tell whether bob may do something."""
    return acme.send(method, path, by=BOB, **headers).status < 400


@pytest.mark.parametrize(
    ('method', 'target', 'resource', 'action'),
    [
        ('GET', '/my', '/acme', 'getaccount'),
        ('POST', '/my', '/acme', 'updateaccount'),
        ('PUT', '/my', '/acme', 'setroletags'),
        ('GET', '/acme/limits', '/acme/limits', 'getprovisioninglimits'),
        ('GET', '/my/machines', '/acme/machines', 'listmachines'),
        ('HEAD', '/my/machines', '/acme/machines', 'headmachines'),
        ('POST', '/my/machines', '/acme/machines', 'createmachine'),
        ('PUT', '/my/machines', '/acme/machines', 'setroletags'),
        ('GET', M, M, 'getmachine'),
        ('PUT', M, M, 'setroletags'),
        ('DELETE', M, M, 'deletemachine'),
        ('POST', f'{M}?action=start', M, 'startmachine'),
        ('POST', f'{M}?action=stop', M, 'stopmachine'),
        ('POST', f'{M}?action=reboot', M, 'rebootmachine'),
        ('POST', f'{M}?action=resize', M, 'resizemachine'),
        ('POST', f'{M}?action=rename', M, 'renamemachine'),
        ('POST', f'{M}?action=enable_firewall', M, 'enablemachinefirewall'),
        ('POST', f'{M}?action=disable_firewall', M, 'disablemachinefirewall'),
        (
            'POST',
            f'{M}?action=enable_deletion_protection',
            M,
            'enable_deletion_protectionmachine',
        ),
        ('GET', f'{M}/audit', M, 'machineaudit'),
        ('GET', f'{M}/tags/x', M, 'getmachinetag'),
        ('POST', f'{M}/snapshots/x', M, 'startmachinefromsnapshot'),
        ('POST', f'{M}/migrate', M, 'migrate'),
        ('GET', f'{M}/migrate', M, 'migratemachineestimate'),
        ('GET', f'{M}/vnc', M, 'connectmachinevnc'),
        ('GET', '/my/changefeed', '/acme/changefeed', 'changefeed'),
        ('GET', '/my/fwrules/x/machines', '/acme/fwrules/x', 'listfirewallrulemachines'),
        ('POST', '/my/fwrules/x/enable', '/acme/fwrules/x', 'enablefirewallrule'),
        ('GET', '/my/users/bob', '/acme/users/bob', 'getuser'),
        ('POST', '/my/users/bob/change_password', '/acme/users/bob', 'changeuserpassword'),
        ('GET', '/my/users/bob/keys', '/acme/users/bob/keys', 'listuserkeys'),
        ('GET', '/my/users/bob/keys/a%2Fb', '/acme/users/bob/keys/a/b', 'getuserkey'),
        ('GET', '/my//keys/k', '/acme/keys/k', 'getkey'),
        ('POST', '/my/accesskeys', '/acme/accesskeys', 'createaccesskey'),
        ('GET', '/my/networks/x/ips/y', '/acme/networks/x/ips', 'getnetworkip'),
    ],
)
def test_a_refusal_names_action_and_resource(
    method: str, target: str, resource: str, action: str
) -> None:
    """Whatever a sub-user may not do, the answer says on what and how policies call it."""
    acme = Account({'accounts': [account()], 'machines': [{'id': ID}]})
    sent = {'accept_version': '8.4.0'} if target.endswith('vnc') else {}
    response = acme.send(method, target, {} if method == 'POST' else None, by=BOB, **sent)
    text = f'You do not have permission to access {resource} ({action})'
    assert response.status == 403
    if method != 'HEAD':
        assert (403, 'NotAuthorized', text) == refusal(response)


def test_what_does_not_exist_comes_first() -> None:
    """An unknown machine is not found before anybody asks who may have it."""
    acme = Account({'accounts': [account()]})
    response = acme.send('GET', M, by=BOB)
    assert (404, 'ResourceNotFound', 'VM not found') == refusal(response)


def test_an_image_that_does_not_exist_comes_first() -> None:
    """An image is looked up by its id before anybody asks who may have it; a word is not."""
    acme = Account({'accounts': [account()]})
    response = acme.send('GET', f'/my/images/{ID}', by=BOB)
    assert (404, 'ResourceNotFound', 'image not found') == refusal(response)
    assert 403 == acme.send('GET', '/my/images/x', by=BOB).status
    for image in acme.get('/my/images')[:1]:
        assert 403 == acme.send('GET', f'/my/images/{image["id"]}', by=BOB).status


def test_tags_and_addresses_of_the_machine_count() -> None:
    """Conditions see what the machine has at that moment."""
    machine = {'tags': {'role': 'web', 'n': 5}}
    rule = 'CAN getmachine WHEN tag_role::string = web AND tag_n::number > 4'
    acme = cloud(rule, machine=machine)
    assert allowed(acme)
    acme.post(f'{M}/tags', {'n': 3})
    assert not allowed(acme)
    address = acme.get(M)['primaryIp']
    assert allowed(cloud(f'CAN getmachine WHEN ip::array contains {address}'))
    assert not allowed(cloud('CAN getmachine WHEN ip::array contains 10.9.9.9'))


def test_circumstances_of_the_request_count() -> None:
    """The method, the client, the date, the data center and the sender's address are known."""
    for condition, expected in (
        ('method = get', True),
        ('method = post', False),
        ('user-agent = "triton/7"', True),
        ('user-agent = "curl"', False),
        ('date < 2026-01-03', True),
        ('date < 2026-01-02', False),
        ('datacenter::string = us-sw-1', True),
        ('sourceip = 127.0.0.0/8', True),
        ('sourceip = 10.0.0.0/8', False),
    ):
        acme = cloud(f'CAN getmachine WHEN {condition}')
        assert expected == allowed(acme, user_agent='triton/7'), condition


def test_roles_are_taken_up_in_the_query() -> None:
    """A role that is no default one must be asked for, and only the query is looked at."""
    roles = [{'name': 'dev', 'members': [{'login': 'bob', 'default': False}], 'policies': ['p']}]
    given = account(roles=roles, policies=[{'name': 'p', 'rules': ['CAN listmachines']}])
    acme = Account({'accounts': [{**given, 'role_tags': {'/machines': ['dev']}}]})
    assert not allowed(acme, '/my/machines')
    assert allowed(acme, '/my/machines?as-role=dev')
    assert not allowed(acme, '/my/machines', role='dev')
    response = acme.send('GET', '/my/machines?as-role=dev,nope', by=BOB)
    text = 'You do not have permission to access acme'
    assert (403, 'NotAuthorized', text) == refusal(response)


def test_rules_of_resources_need_no_tag() -> None:
    """A rule that names its resources by a pattern holds where the role is not tagged."""
    assert allowed(cloud('CAN getmachine /acme/machines/*', machine={'role_tags': []}))


def test_other_accounts_act_in_roles() -> None:
    """An account that is a member of a role of another one may do what the role allows."""
    partner = signer('partner')
    role = {'name': 'dev', 'members': [{'type': 'account', 'login': 'partner'}], 'policies': ['p']}
    given = account(
        roles=[role],
        policies=[{'name': 'p', 'rules': ['CAN listmachines']}],
        role_tags={'/machines': ['dev']},
    )
    accounts = [given, {'login': 'partner', 'keys': [{'key': partner.public}]}]
    acme = Account({'accounts': accounts})
    assert acme.send('GET', '/acme/machines', by=partner).status == 200
    response = acme.send('GET', '/acme/images', by=partner)
    text = 'You do not have permission to access /acme/images (listimages)'
    assert (403, 'NotAuthorized', text) == refusal(response)


@pytest.mark.parametrize(
    ('flags', 'query', 'expected'),
    [
        ({'operator': True}, '', 200),
        ({'role_operator': True}, '', 403),
        ({'role_operator': True}, '?as-role=_operator', 200),
        ({}, '?as-role=_operator', 403),
    ],
)
def test_operators(flags: dict[str, bool], query: str, expected: int) -> None:
    """Operators act on any account; those who may become one have to say so."""
    root = signer('root')
    accounts = [{'login': 'acme'}, {'login': 'root', 'keys': [{'key': root.public}], **flags}]
    acme = Account({'accounts': accounts})
    assert expected == acme.send('GET', f'/acme/machines{query}', by=root).status


def test_administrators_may_do_anything() -> None:
    """Who is an administrator by default needs neither tags nor policies."""
    acme = Account({'accounts': [account(roles=[{'name': 'administrator', 'members': ['bob']}])]})
    assert acme.send('POST', '/my/policies', {'name': 'p', 'rules': 'CAN x'}, by=BOB).status == 201


def test_a_sub_user_is_nobody_elsewhere() -> None:
    """A sub-user may not act on another account, nor one of the same name there."""
    other = Signer('other/users/bob')
    accounts = [account(), {'login': 'other', 'users': [{'login': 'bob'}]}]
    acme = Account({'accounts': accounts})
    response = acme.send('GET', '/other/machines', by=BOB)
    text = 'You do not have permission to access /other/machines (listmachines)'
    assert (403, 'NotAuthorized', text) == refusal(response)
    assert acme.send('GET', '/my/machines', by=other).status == 401


@pytest.mark.parametrize(
    ('more', 'message'),
    [
        (
            {'roles': [{'name': 'r', 'members': ['eve']}]},
            "roles[0].members[0]: there is no 'eve'",
        ),
        ({'roles': [{'name': 'r', 'policies': ['p']}]}, "roles[0].policies: there is no 'p'"),
        (
            {'roles': [{'name': 'r', 'members': [{'login': 'x', 'type': 'y'}]}]},
            "roles[0].members[0].type: expected subuser or account, found 'y'",
        ),
        ({'role_tags': {'/keys': ['x']}}, "role_tags./keys: there is no 'x'"),
        ({'role_tags': {'/keys': 'dev'}}, "role_tags./keys: expected a list, found 'dev'"),
        ({'role_tags': {'keys': []}}, 'role_tags.keys: a path begins with a slash'),
        (
            {'role_tags': {'/machines/x': []}},
            'role_tags./machines/x: the roles on a machine stand with the machine',
        ),
        (
            {'policies': [{'name': 'p', 'rules': ['CAN']}]},
            'policies[0].rules[0]: Parse error on line 1:',
        ),
    ],
)
def test_worlds_say_where_they_make_no_sense(more: dict[str, Any], message: str) -> None:
    """Roles, policies and tags of a world are checked, and the message names the place."""
    with pytest.raises(WorldError) as caught:
        Account({'accounts': [account(**more)]})
    assert str(caught.value).startswith(f'world: accounts[0].{message}')
