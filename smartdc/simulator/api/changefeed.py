"""The stream of changes."""

from __future__ import annotations

from smartdc.simulator.api.machine_view import machine_view
from smartdc.simulator.calls import Call, Reply
from smartdc.simulator.feeds import Feed
from smartdc.simulator.routing import Chapter
from smartdc.simulator.upgrade import accept, is_websocket
from smartdc.simulator.wire import Refusal

chapter: Chapter = Chapter()


@chapter.get('/:account/changefeed', 'changefeed')
def follow_changes(call: Call) -> Reply:
    """Tell the client of changes of the account's machines, over a websocket."""
    if not is_websocket(call.request):
        raise Refusal(500, None, 'Connection Must Upgrade For WebSockets')
    feed = Feed(
        call.cloud.feeds, call.home, call.owner, lambda machine: machine_view(call, machine)
    )
    return accept(call, feed)
