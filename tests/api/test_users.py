"""The users chapter."""

import pytest

from smartdc import DataCenter, InvalidArgument, InvalidCredentials, NotAuthorized, ResourceNotFound
from smartdc.simulator import Simulator
from tests.simulator.signer import Signer
from tests.subusers import SubUser

PASSWORD = 'secret123'


def test_a_user_is_created_found_changed_and_deleted(sdc: DataCenter) -> None:
    """A user is known by id, login and dict; an empty text clears a field."""
    user = sdc.create_user(
        login='bob', email='bob@acme.example', password=PASSWORD, first_name='Bob', phone='1'
    )
    assert ('bob', 'Bob', '1') == (user['login'], user['firstName'], user['phone'])
    assert user == sdc.user('bob') == sdc.user(user) == sdc.user(user['id'])
    assert [user] == sdc.users()

    changed = sdc.update_user(user, last_name='Ray', phone='')
    assert 'phone' not in changed
    assert 'Ray' == sdc.user(user)['lastName']
    sdc.delete_user('bob')
    assert [] == sdc.users()
    with pytest.raises(ResourceNotFound, match='bob does not exist'):
        sdc.user('bob')


def test_membership_is_told_on_request(sdc: DataCenter) -> None:
    """Roles and default roles are names."""
    user = sdc.create_user(login='bob', email='bob@acme.example', password=PASSWORD)
    sdc.create_role('dev', members=['bob'])
    sdc.create_role('ops', members=[{'type': 'subuser', 'login': 'bob', 'default': True}])

    found = sdc.user(user, membership=True)
    assert (['dev', 'ops'], ['ops']) == (found['roles'], found['default_roles'])
    assert 'roles' not in sdc.user(user)


def test_passwords_are_checked(sdc: DataCenter) -> None:
    """A weak password is refused when it is new and when it is changed."""
    with pytest.raises(InvalidArgument, match='user is invalid'):
        sdc.create_user(login='bob', email='bob@acme.example', password='short1')
    user = sdc.create_user(login='bob', email='bob@acme.example', password=PASSWORD)
    assert 'bob' == sdc.change_user_password(user, 'another1')['login']
    with pytest.raises(InvalidArgument):
        sdc.change_user_password(user, 'lettersonly')


def test_keys_of_users(sdc: DataCenter) -> None:
    """A user's key is added, found by name, fingerprint and dict, and deleted."""
    sdc.create_user(login='bob', email='bob@acme.example', password=PASSWORD)
    signer = Signer('acme/users/bob')
    key = sdc.add_user_key('bob', 'laptop', signer.public)

    assert signer.key_id.endswith(key['fingerprint'])
    assert key == sdc.user_key('bob', 'laptop') == sdc.user_key('bob', key)
    assert [key] == sdc.user_keys('bob', sync=True)
    sdc.delete_user_key('bob', key)
    assert [] == sdc.user_keys('bob')


def test_a_user_may_do_what_its_role_allows(bob: SubUser, sdc: DataCenter) -> None:
    """Bob's own data center lists machines, and hears on what else he may not act, and how."""
    sdc.create_policy('look', ['CAN listmachines AND getmachine'])
    sdc.create_role(
        'dev',
        members=[{'type': 'subuser', 'login': 'bob', 'default': True}],
        policies=['look'],
    )
    sdc.set_role_tags('machines', ['dev'])
    seen = sdc.create_machine(name='seen')
    seen.poll_until('running')
    sdc.set_role_tags(seen, ['dev'])
    hidden = sdc.create_machine(name='hidden')
    image = seen.data['image']

    with bob.datacenter() as his:
        assert {'seen', 'hidden'} == {machine.name for machine in his.machines()}
        assert 'seen' == his.machine(seen.id).name
        for act, path, action in (
            (lambda: his.machine(hidden.id), f'machines/{hidden.id}', 'getmachine'),
            (
                lambda: his.create_machine(image=image, package='g1-nano'),
                'machines',
                'createmachine',
            ),
            (lambda: his.machine(seen.id).stop(), f'machines/{seen.id}', 'stopmachine'),
            (his.users, 'users', 'listusers'),
        ):
            with pytest.raises(NotAuthorized) as caught:
                act()
            text = f'You do not have permission to access /acme/{path} ({action})'
            assert text == caught.value.message


def test_a_user_without_its_key_is_nobody(bob: SubUser, sdc: DataCenter) -> None:
    """When its key is gone, a user can't sign any more."""
    sdc.delete_user_key('bob', 'laptop')

    with bob.datacenter() as his, pytest.raises(InvalidCredentials):
        his.machines()


def test_what_a_user_makes_is_for_its_roles(
    cloud: Simulator, bob: SubUser, sdc: DataCenter
) -> None:
    """A machine of bob's carries the roles that he was active in, so that he may go on with it."""
    sdc.create_policy('make', ['CAN *'])
    sdc.create_role('dev', members=['bob'], policies=['make'])
    for collection in ('machines', 'images', 'packages', 'networks'):
        sdc.set_role_tags(collection, ['dev'])

    with bob.datacenter(as_role='dev') as his:
        machine = his.create_machine(name='his')
        machine.poll_until('running')
        assert ['dev'] == sdc.role_tags(machine)
    assert cloud.requests[-1].status == 200
