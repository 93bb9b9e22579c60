"""S3-style access keys of the account and its sub-users."""

from __future__ import annotations

from smartdc.simulator.calls import Call, Reply
from smartdc.simulator.routing import UPLOADS, Chapter

chapter = Chapter()

for _method, _pattern, _name in (
    ('POST', '/:account/accesskeys', 'CreateAccessKey'),
    ('POST', '/:account/users/:user/accesskeys', 'CreateUserAccessKey'),
):
    chapter.unserved(_method, _pattern, _name, types=UPLOADS)


@chapter.get('/:account/accesskeys', 'ListAccessKeys', head='HeadAccessKeys')
def list_access_keys(call: Call) -> Reply:
    """Answer the account's access keys."""
    return Reply(call.store.find('accesskey', owner=call.owner))


for _method, _pattern, _name in (
    ('GET', '/:account/users/:user/accesskeys', 'ListUserAccessKeys'),
    ('HEAD', '/:account/users/:user/accesskeys', 'HeadUserAccessKeys'),
    ('GET', '/:account/accesskeys/:accesskeyid', 'GetAccessKey'),
    ('HEAD', '/:account/accesskeys/:accesskeyid', 'HeadAccessKey'),
    ('DELETE', '/:account/accesskeys/:accesskeyid', 'DeleteAccessKey'),
    ('GET', '/:account/users/:user/accesskeys/:accesskeyid', 'GetUserAccessKey'),
    ('HEAD', '/:account/users/:user/accesskeys/:accesskeyid', 'HeadUserAccessKey'),
    ('DELETE', '/:account/users/:user/accesskeys/:accesskeyid', 'DeleteUserAccessKey'),
):
    chapter.unserved(_method, _pattern, _name)
