"""The data centers of this cloud."""

from __future__ import annotations

from smartdc.simulator.calls import Call, Reply, not_found
from smartdc.simulator.routing import Chapter
from smartdc.simulator.wire import Refusal

chapter: Chapter = Chapter()


@chapter.get('/:account/datacenters', 'ListDatacenters')
def list_datacenters(call: Call) -> Reply:
    """Answer the name and URL of every data center."""
    return Reply(_urls(call), headers={'Triton-Datacenter-Name': call.home})


@chapter.get('/:account/datacenters/:datacenter', 'GetDatacenter')
def get_datacenter(call: Call) -> Reply:
    """Send the client on to another data center."""
    name = call.text('datacenter')
    url = _urls(call).get(name)
    if url is None:
        raise not_found(f'{name} is not an available datacenter')
    body = {'code': 'ResourceMoved', 'message': f'{name} {url}'}
    return Reply(body, 302, {'Location': url})


@chapter.post('/:account/foreigndatacenters', 'AddForeignDatacenter')
@chapter.get('/:account/foreigndatacenters', 'ListForeignDatacenters')
def refuse_foreign(call: Call) -> Reply:  # noqa: ARG001 - every operation takes the call
    """Refuse: only applications with a token may, and there are none here."""
    text = 'method requires HTTP signature auth token delegated authorization'
    raise Refusal(403, 'Forbidden', text)


def url_of(call: Call, name: str) -> str:
    """Return the URL of a data center; one that nobody serves has a name that leads nowhere."""
    return call.cloud.urls.get(name, f'https://{name}.invalid')


def _urls(call: Call) -> dict[str, str]:
    return {name: url_of(call, name) for name in call.cloud.datacenters()}
