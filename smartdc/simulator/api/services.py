"""The services of one data center."""

from __future__ import annotations

from smartdc.simulator.api.datacenters import url_of
from smartdc.simulator.calls import Call, Reply
from smartdc.simulator.routing import Chapter

chapter: Chapter = Chapter()


@chapter.get('/:account/services', 'ListServices')
def list_services(call: Call) -> Reply:
    """Answer the name and URL of every service."""
    others = call.cloud.datacenter(call.home).get('services', {})
    return Reply({'cloudapi': url_of(call, call.home), **others})
