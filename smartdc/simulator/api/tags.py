"""The tags of a machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smartdc.simulator import jobs, triton_tags
from smartdc.simulator.calls import Call, Reply, failed, fault, not_found
from smartdc.simulator.jobs import Work
from smartdc.simulator.routing import Chapter

chapter: Chapter = Chapter()

_ALL = '/:account/machines/:machine/tags'
_ONE = f'{_ALL}/:tag'

#: Names of parameters that the server knows by itself, and therefore not as tags.
_INTERNAL = ('account', 'machine', 'uuid', 'owner_uuid', 'context', 'image')


@chapter.post(_ALL, 'AddMachineTags')
def add_tags(call: Call) -> Reply:
    """Add tags; the answer is what the job will make of them."""
    added = _given(call, 'adding')
    job = jobs.submit(call, 'set_tags', tags=added)
    return Reply({**call.machine['tags'], **added}, headers={'x-job-uuid': job})


@chapter.put(_ALL, 'ReplaceMachineTags')
def replace_tags(call: Call) -> Reply:
    """Put tags in the place of all that were there."""
    tags = _given(call, 'replacing')
    if not tags:
        text = 'At least one tags key must be provided'
        raise failed(f'error replacing tags: {text}', fault('tags', 'Invalid', text))
    # A job is called after what it does, and not after what was asked for.
    kind = 'replace_tags' if call.machine['tags'].keys() - tags.keys() else 'reset_tags'
    job = jobs.submit(call, kind, tags=tags)
    return Reply(tags, headers={'x-job-uuid': job})


@chapter.get(_ALL, 'ListMachineTags', head='HeadmachineTags')
def list_tags(call: Call) -> Reply:
    """Answer all tags."""
    return Reply(call.machine['tags'])


@chapter.get(_ONE, 'GetMachineTag', head='HeadMachineTag')
def get_tag(call: Call) -> Reply:
    """Answer the value of a tag; what is not text comes back as an empty one."""
    tag = call.text('tag')
    if tag not in call.machine['tags']:
        raise not_found(f'tag "{tag}" not found')
    value = call.machine['tags'][tag]
    return Reply(value if isinstance(value, str) else '')


@chapter.delete(_ALL, 'DeleteMachineTags')
def delete_tags(call: Call) -> Reply:
    """Remove all tags."""
    jobs.submit(call, 'clear_tags', tags={})
    return Reply(status=204)


@chapter.delete(_ONE, 'DeleteMachineTag')
def delete_tag(call: Call) -> Reply:
    """Remove a tag, if it is there."""
    jobs.submit(call, 'remove_tags', tag=call.text('tag'))
    return Reply(status=204)


def tag_fault(tags: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the first tag that can't be set."""
    for name, value in tags.items():
        if not isinstance(value, str | int | float | bool):
            return f'tag "{name}" must be a string, number or boolean'
        text = triton_tags.refusal(name, value)
        if text is not None:
            return text
    return None


def _given(call: Call, doing: str) -> dict[str, Any]:
    """Return the tags of a request, or refuse them."""
    tags = {name: value for name, value in call.params.items() if name not in _INTERNAL}
    text = tag_fault(tags)
    if text is not None:
        raise failed(f'error {doing} tags: {text}', fault('tags', 'Invalid', text))
    return tags


@jobs.job('set_tags')
def _set(work: Work) -> None:
    work.machine['tags'] |= work.params['tags']


@jobs.job('replace_tags')
@jobs.job('reset_tags', audit='set_tags')
@jobs.job('clear_tags', audit='remove_tags')
def _replace(work: Work) -> None:
    work.machine['tags'] = work.params['tags']


@jobs.job('remove_tags')
def _remove(work: Work) -> None:
    work.machine['tags'].pop(work.params['tag'], None)
