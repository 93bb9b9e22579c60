"""The things that a request names, looked up before anybody asks whether it may have them."""

from __future__ import annotations

from smartdc.simulator import accounts
from smartdc.simulator.api.datasets import find_dataset, is_old
from smartdc.simulator.api.packages import default_package, find_package
from smartdc.simulator.calls import Call, failed, fault, is_uuid, not_found
from smartdc.simulator.store import Doc
from smartdc.simulator.wire import Refusal

_COLLECTION = '/:account/machines'
_ITEM = '/:account/machines/:machine'


def load_account(call: Call) -> None:
    """Find the account that the path names; `my` is the caller's own."""
    login = call.text('account') if 'account' in call.params else 'undefined'
    if login == 'my' and call.caller is not None:
        call.account = call.caller.account
        return
    account = accounts.find_account(call.store, login)
    if account is None:
        raise not_found(f'{login} does not exist')
    call.account = account


def load_image(call: Call) -> None:
    """Find the image that the path names, or that machines are created from or filtered by."""
    ref = call.params.get('image') or call.params.get('dataset')
    may_be_urn = ref and call.route.pattern == _COLLECTION
    if is_uuid(ref) or (may_be_urn and is_old(call.cloud.datacenter(call.home))):
        call.image = find_dataset(call, str(ref))
        if call.image is None:
            raise not_found('image not found')


def load_package(call: Call) -> None:
    """Find the package of a new machine, or of one that is resized; a resize has a default."""
    ref = call.params.get('package')
    if call.route.name in ('CreateMachine', 'UpdateMachine') and isinstance(ref, str) and ref:
        call.package = find_package(call, ref)
    elif call.route.name == 'UpdateMachine' and not ref and call.text('action') == 'resize':
        call.package = default_package(call)


def load_machine(call: Call) -> None:
    """Find the machine that the path names."""
    if call.route.pattern.startswith(_ITEM):
        ref = call.text('machine')
    elif call.path.get('resource_name') == 'machines' and 'resource_id' in call.path:
        ref = call.path['resource_id']
    else:
        return
    if not ref:
        # The real server crashes here, and says so.
        raise Refusal(500, 'InternalError', 'Internal Error')
    if not is_uuid(ref):
        raise failed('Invalid Parameters', fault('uuid', 'Invalid', 'Invalid UUID'))
    machine = _machine(call, ref.lower())
    if machine is None or machine['owner'] != call.owner:
        raise not_found('VM not found')
    call.machine = machine


def _machine(call: Call, ref: str) -> Doc | None:
    """Return a machine; who only looks at it gets the one that all look at."""

    def find() -> Doc | None:
        return call.store.get('machine', ref, home=call.home)

    if call.request.method in ('GET', 'HEAD'):
        return call.store.recall('machine', (call.home, ref), find)
    return find()
