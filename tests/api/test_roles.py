"""The roles chapter: roles, policies and role tags."""

from typing import Any

import pytest

from smartdc import DataCenter, InvalidArgument, InvalidInput, Machine, NotAuthorized
from smartdc.simulator import Simulator
from tests.subusers import SubUser


def test_a_policy_is_created_found_changed_and_deleted(sdc: DataCenter) -> None:
    """A policy is known by id, name and dict; an empty description clears it."""
    policy = sdc.create_policy('look', 'CAN listmachines', description='read')
    assert ['CAN listmachines'] == policy['rules']
    assert policy == sdc.policy('look') == sdc.policy(policy) == sdc.policy(policy['id'])
    assert [policy] == sdc.policies()

    changed = sdc.update_policy(policy, rules=['CAN *'], description='')
    assert {'id': policy['id'], 'name': 'look', 'rules': ['CAN *']} == changed
    sdc.delete_policy('look')
    assert [] == sdc.policies()


def test_bad_rules_come_with_the_parsers_words(sdc: DataCenter) -> None:
    """The place of the fault is in the message."""
    with pytest.raises(InvalidArgument, match='Parse error on line 1:'):
        sdc.create_policy('bad', ['CAN getmachine when', 'CAN *'])


def test_a_role_is_created_found_changed_and_deleted(sdc: DataCenter) -> None:
    """Members and policies are names or dicts, and come back in full."""
    sdc.create_user(login='bob', email='bob@acme.example', password='secret123')
    policy = sdc.create_policy('look', 'CAN listmachines')
    role = sdc.create_role('dev', members=['bob'], policies=[policy])

    assert ['bob'] == [member['login'] for member in role['members']]
    assert [{'id': policy['id'], 'name': 'look'}] == role['policies']
    assert role == sdc.role('dev') == sdc.role(role) == sdc.role(role['id'])
    assert [role] == sdc.roles()
    members: list[Any] = [{**role['members'][0], 'default': True}]
    assert members == sdc.update_role('dev', members=members)['members']
    sdc.delete_role('dev')
    assert [] == sdc.roles()


def test_members_and_policies_that_are_not_there_are_refused(sdc: DataCenter) -> None:
    """The message names what was meant."""
    with pytest.raises(InvalidArgument, match='Invalid subuser: eve'):
        sdc.create_role('dev', members=['eve'])
    with pytest.raises(InvalidArgument, match='Invalid policy: none'):
        sdc.create_role('dev', policies=['none'])


def test_servers_before_9_take_and_give_names() -> None:
    """With an older version the default members are a list of their own."""
    body = {'name': 'dev', 'members': ['bob'], 'default_members': ['bob']}
    with Simulator(job_time=0) as cloud, cloud.datacenter(api_version='~8') as old:
        old.create_user(login='bob', email='bob@acme.example', password='secret123')
        old.request('POST', '/roles', data=body)
        found: dict[str, Any] = dict(old.role('dev'))
        with cloud.datacenter() as sdc:
            members = sdc.role('dev')['members']

    assert (['bob'], ['bob']) == (found['members'], found['default_members'])
    assert [('bob', True)] == [(member['login'], member['default']) for member in members]


def test_role_tags_are_set_and_read_back(sdc: DataCenter, machine: Machine) -> None:
    """A resource is a path, a machine, or a chapter with ids; an empty list clears it."""
    for name in ('dev', 'ops'):
        sdc.create_role(name)

    assert ['dev', 'ops'] == sdc.set_role_tags('/machines', ['dev', 'ops'])
    assert ['dev', 'ops'] == sdc.role_tags('machines')
    assert ['ops'] == sdc.set_role_tags(machine, ['ops'])
    assert ['ops'] == sdc.role_tags('machines', machine.id) == sdc.role_tags(machine)
    assert ['dev'] == sdc.set_role_tags('', ['dev'])
    assert ['dev'] == sdc.role_tags('')
    assert [] == sdc.set_role_tags('machines', [], machine.id) == sdc.role_tags(machine)


def test_role_tags_want_roles_and_resources(sdc: DataCenter) -> None:
    """Unknown roles are the server's to refuse; what is no resource is not sent."""
    with pytest.raises(InvalidArgument, match=r'Role\(s\) nope not found'):
        sdc.set_role_tags('machines', ['nope'])
    with pytest.raises(InvalidInput, match='a resource is a path'):
        sdc.set_role_tags({'id': 'x'}, [])


def test_a_role_is_taken_up_for_a_call(bob: SubUser, sdc: DataCenter) -> None:
    """A role that is no default one counts while acting in it, and an unknown one never."""
    sdc.create_policy('look', 'CAN listmachines')
    sdc.create_role('dev', members=['bob'], policies=['look'])
    sdc.set_role_tags('machines', ['dev'])

    with bob.datacenter() as his:
        with pytest.raises(NotAuthorized, match=r'/acme/machines \(listmachines\)'):
            his.machines()
        assert [] == his.acting(as_role='dev').machines()
        with pytest.raises(NotAuthorized, match='permission to access acme') as refused:
            his.acting(as_role=['dev', 'nope']).machines()
        assert f'{bob.key_id} as dev,nope' == refused.value.actor
        assert '/acme/users/bob/keys/' in str(refused.value)
        with pytest.raises(NotAuthorized):
            his.machines()


def test_administrators_get_into_new_machines(bob: SubUser, sdc: DataCenter) -> None:
    """The key of an administrator by default is among those of a new machine."""
    sdc.create_role('administrator', members=[{'type': 'subuser', 'login': 'bob', 'default': True}])
    machine = sdc.create_machine(name='web0')

    keys = str(machine.metadata['root_authorized_keys']).splitlines()
    assert sdc.user_key('bob', 'laptop')['key'] == keys[-1]
    assert 2 == len(keys)
