"""Policies: what is allowed when."""

from __future__ import annotations

from smartdc.simulator.calls import Call, Reply
from smartdc.simulator.routing import UPLOADS, Chapter

chapter = Chapter()

chapter.unserved('POST', '/:account/policies', 'CreatePolicy', types=UPLOADS)


@chapter.get('/:account/policies', 'ListPolicies', head='HeadPolicies')
def list_policies(call: Call) -> Reply:
    """Answer all policies."""
    return Reply(call.store.find('policy', owner=call.owner))


for _method, _name in (
    ('GET', 'GetPolicy'),
    ('HEAD', 'HeadPolicy'),
    ('POST', 'UpdatePolicy'),
    ('DELETE', 'DeletePolicy'),
):
    chapter.unserved(_method, '/:account/policies/:policy', _name)
