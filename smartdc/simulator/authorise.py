"""Who may do what: an account on itself, an operator on anyone."""

from __future__ import annotations

from smartdc.simulator.calls import Call
from smartdc.simulator.wire import Refusal

#: Routes whose action has another name than the route.
_ACTIONS = {
    'EnableFirewallRule': 'enablemachinefirewall',
    'DisableFirewallRule': 'disablemachinefirewall',
    'ConnectMachineVNC': 'connectmachinevnc',
}

#: Path parts that a resource keeps; what lies deeper belongs to its parent.
_DEPTH = 3


def authorise(call: Call) -> None:
    """Refuse with 403 what the caller may not do."""
    caller = call.caller
    if caller is None:
        raise _refusal(call)
    acts_on_itself = caller.user is None and caller.account['id'] == call.account['id']
    if not acts_on_itself and not caller.account.get('operator'):
        raise _refusal(call)


def action(call: Call) -> str:
    """Return the name under which policies know what a request does."""
    if call.route.name == 'UpdateMachine':
        return f'{call.text("action")}machine'
    if call.route.name.endswith('RoleTags'):
        return 'setroletags'
    return _ACTIONS.get(call.route.name, call.route.name.lower())


def resource(call: Call) -> str:
    """Return the path of the thing that a request is about."""
    parts = [part for part in call.request.path.split('/') if part]
    return '/' + '/'.join([call.login, *parts[1:_DEPTH]])


def _refusal(call: Call) -> Refusal:
    text = f'You do not have permission to access {resource(call)} ({action(call)})'
    return Refusal(403, 'NotAuthorized', text)
