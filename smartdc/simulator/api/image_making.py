"""New images: made of a machine, brought from another data center, cloned from a shared one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl

from smartdc.simulator import jobs
from smartdc.simulator.calls import (
    Call,
    failed,
    fault,
    invalid,
    is_uuid,
    missing,
    not_found,
)
from smartdc.simulator.clock import iso
from smartdc.simulator.cloud import new_id
from smartdc.simulator.javascript import string
from smartdc.simulator.jobs import JobFailed, Work
from smartdc.simulator.shapes import is_array, is_object
from smartdc.simulator.store import Doc
from smartdc.simulator.wire import Refusal

#: What can be said of an image when it is made, and changed later.
TEXTS = ('name', 'version', 'description', 'homepage', 'eula')
GIVEN = (*TEXTS, 'acl', 'tags')

#: Every state that a machine has: the job looks for itself whether it can work.
_ANY = ('provisioning', 'ready', 'running', 'stopping', 'stopped', 'failed', 'deleted')

#: What a machine's own changes add to its image, in bytes.
_FILE_SIZE = 32 * 1024 * 1024


def created(call: Call) -> tuple[Doc, str]:
    """Begin to make an image of a machine; return it, and the id of the job that does it."""
    for name, what in (
        ('machine', 'machine'),
        ('name', 'Image name'),
        ('version', 'Image version'),
    ):
        if not call.params.get(name):
            raise missing(f'{what} is a required argument')
    machine = _machine(call)
    fields = given(call)
    origin = call.store.get('image', machine['image'], home=call.home) or {}
    image: Doc = {
        'id': new_id(),
        'os': origin.get('os', 'smartos'),
        'type': origin.get('type', 'zone-dataset'),
        'requirements': {},
        'state': 'creating',
        'owner': call.owner,
        'public': False,
        'origin': machine['image'],
        **{name: origin[name] for name in ('image_size',) if name in origin},
        **fields,
    }
    call.store.put('image', image, home=call.home)
    return image, jobs.submit_for(call, machine, 'create_image', {'image': image['id']})


def given(call: Call) -> Doc:
    """Return what a request says of an image, or refuse it as the images' own service does."""
    fields = {name: call.params[name] for name in GIVEN if call.params.get(name) is not None}
    faults = [
        fault(name, 'Invalid', f'"{name}" {why}')
        for name, value in fields.items()
        if (why := _wrong(name, value)) is not None
    ]
    if faults:
        text = f'invalid image data: {", ".join(found["field"] for found in faults)}'
        raise Refusal(422, 'ValidationFailed', text, errors=faults)
    return fields


def imported(call: Call) -> Doc:
    """Bring an image, and those that it builds upon, from another data center.

    The real server never answers any other action; here it is an InternalError.
    """
    if call.text('action') != 'import-from-datacenter':
        text = f'CloudAPI never answers the action {call.text("action")}'
        raise Refusal(500, 'InternalError', text)
    source, image_id = call.text('datacenter'), call.params.get('id')
    if not source:
        raise missing('datacenter is a required argument')
    if not is_uuid(image_id):
        shown = string(image_id) if 'id' in call.params else 'undefined'
        raise invalid(f'id {shown} must be a UUID')
    if source not in call.cloud.datacenters():
        raise not_found(f'{source} is not an available datacenter')
    image = call.store.get('image', str(image_id).lower(), home=source)
    if image is None or not visible(call, image):
        raise not_found('image not found')
    if call.store.get('image', image['id'], home=call.home) is not None:
        raise Refusal(409, 'ImageUuidAlreadyExists', f'image {image["id"]} already exists')
    _copy(call, source, image)
    return image


def cloned(call: Call, image: Doc) -> Doc:
    """Copy an image that another account shares."""
    if call.owner not in image.get('acl', ()) or image['owner'] == call.owner:
        text = f'image {image["id"]} is not shared with account {call.owner}'
        raise Refusal(422, 'ImageNotShared', text)
    clone = {name: value for name, value in image.items() if name != 'acl'}
    clone |= {'id': new_id(), 'owner': call.owner, 'public': False}
    call.store.put('image', clone, home=call.home)
    return clone


def changed(call: Call, image: Doc) -> Doc:
    """Change what is given of an image of one's own."""
    check_owner(call, image)
    image = {**image, **given(call)}
    call.store.put('image', image, home=call.home)
    return image


def exported(call: Call, image: Doc) -> dict[str, str]:
    """Return where the files of an exported image are; nothing is written."""
    path = call.text('manta_path')
    if not path:
        raise missing('Image destination manta_path is a required argument')
    check_owner(call, image)
    if not path.startswith(f'/{call.login}/'):
        text = f'path "{path}" is not owned by account "{call.login}"'
        raise Refusal(422, 'NotMantaPathOwner', text)
    base = f'{path}{image["name"]}-{image["version"]}' if path.endswith('/') else path
    services = call.cloud.datacenter(call.home).get('services', {})
    return {
        'manta_url': services.get('manta', f'https://manta.{call.home}.example.com'),
        'image_path': f'{base}.zfs.gz',
        'manifest_path': f'{base}.imgmanifest',
    }


def check_owner(call: Call, image: Doc) -> None:
    """Refuse to touch an image of somebody else."""
    if image['owner'] != call.owner:
        text = f'account "{call.owner}" does not own image "{image["id"]}"'
        raise Refusal(422, 'NotImageOwner', text)


def visible(call: Call, image: Doc) -> bool:
    """Tell whether the account may use an image."""
    return bool(
        image.get('public') or image['owner'] == call.owner or call.owner in image.get('acl', ())
    )


#: What `action` can be for an image.
ACTIONS: Mapping[str, Callable[[Call, Doc], Doc]] = {
    'update': changed,
    'export': exported,
    'clone': cloned,
}


def action(call: Call) -> Callable[[Call, Doc], Doc]:
    """Return what is to be done to an image."""
    found = ACTIONS.get(call.text('action'))
    if found is None:
        # What was wrong is looked for in the query alone, wherever the action came from.
        asked = dict(parse_qsl(call.request.query)).get('action')
        if not asked:
            raise missing('action is a required argument')
        raise invalid(f'action {asked} is not a valid argument')
    return found


def _machine(call: Call) -> Doc:
    ref = call.text('machine')
    if not is_uuid(ref):
        raise failed('Invalid Parameters', fault('uuid', 'Invalid', 'Invalid UUID'))
    machine = call.store.get('machine', ref.lower(), home=call.home)
    if machine is None or machine['owner'] != call.owner or machine['state'] == 'deleted':
        raise not_found('VM not found')
    return machine


def _wrong(name: str, value: Any) -> str | None:
    """Return what is wrong with a field of an image, None when nothing is."""
    if name in TEXTS:
        return None if isinstance(value, str) else 'is not a string'
    if name == 'acl':
        fits = is_array(value) and all(map(is_uuid, value))
        return None if fits else 'is not an array of UUIDs'
    fits = is_object(value) and all(isinstance(tag, str | int | float) for tag in value.values())
    return None if fits else 'is not an object of strings, numbers and booleans'


def _copy(call: Call, source: str, image: Doc) -> None:
    """Copy an image after those that it builds upon."""
    origin = call.store.get('image', image.get('origin', ''), home=source)
    if origin is not None and call.store.get('image', origin['id'], home=call.home) is None:
        _copy(call, source, origin)
    call.store.put('image', image, home=call.home)


def _image(work: Work) -> Doc:
    """Return the image that a job is about."""
    image = work.store.get('image', work.params['image'], home=work.home)
    if image is None:
        raise JobFailed
    return image


def _unprepared(work: Work) -> None:
    """Let an image fail, as it does when the machine's insides don't get ready for it."""
    error = {
        'code': 'PrepareImageDidNotRun',
        'message': f'the machine is {work.machine["state"]}, so that nothing could be prepared',
    }
    work.store.put('image', {**_image(work), 'state': 'failed', 'error': error}, home=work.home)


@jobs.job('create_image', audit='create-from-vm', needs=_ANY, undo=_unprepared)
def _made(work: Work) -> None:
    image = _image(work)
    if work.machine['state'] not in ('running', 'stopped'):
        _unprepared(work)
        raise JobFailed
    file = {'compression': 'gzip', 'sha1': image['id'].replace('-', '').ljust(40, '0')}
    image |= {
        'state': 'active',
        'published_at': iso(work.now),
        'files': [{**file, 'size': _FILE_SIZE}],
    }
    work.store.put('image', image, home=work.home)
