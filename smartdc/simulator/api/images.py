"""Images: what machines are made from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from smartdc.simulator import versions
from smartdc.simulator.api import image_making
from smartdc.simulator.calls import Call, Reply, invalid, is_uuid, not_found
from smartdc.simulator.routing import Chapter
from smartdc.simulator.store import Doc
from smartdc.simulator.wire import Refusal

chapter: Chapter = Chapter()

_BASIC = ('id', 'name', 'version', 'os', 'requirements')
_PLACEHOLDER = ('id', 'requirements', 'state')
_OPTIONAL = ('description', 'homepage', 'image_size')
_SINCE_7_1 = ('files',)
_LAST_SINCE_7_1 = ('owner', 'public', 'state', 'eula', 'acl', 'origin', 'error')

#: What types were called before version 8.
_OLD_TYPES = {'smartmachine': False, 'virtualmachine': True}


@chapter.get('/:account/images', 'ListImages', head='HeadImages')
def list_images(call: Call) -> Reply:
    """Answer the images that the account may use, active ones unless `state` says otherwise."""
    fits_type = _type_filter(call)
    images = [
        image_view(call, image)
        for image in call.store.find('image', home=call.home)
        if image_making.visible(call, image) and fits_type(image) and _fits(call, image)
    ]
    return Reply(images)


@chapter.post('/:account/images', 'CreateImageFromMachine')
def create_image(call: Call) -> Reply:
    """Make an image of a machine, creating until its job is done; or do what `action` says."""
    if call.text('action'):
        return Reply(image_view(call, image_making.imported(call)))
    image, job = image_making.created(call)
    # The real server has just what was sent at hand, and that the work has begun.
    known = {name: image[name] for name in (*_PLACEHOLDER, *image_making.GIVEN) if name in image}
    view = image_view(call, known)
    location = f'/{call.login}/images/{image["id"]}'
    return Reply(view, 201, {'Location': location, 'x-joyent-jobid': job})


@chapter.get('/:account/images/:dataset', 'GetImage', head='HeadImage')
def get_image(call: Call) -> Reply:
    """Answer an image."""
    return Reply(image_view(call, _image(call)))


@chapter.post('/:account/images/:dataset', 'UpdateImage')
def update_image(call: Call) -> Reply:
    """Change, export or clone an image, as `action` says."""
    image = _image(call)
    act = image_making.action(call)
    found = act(call, image)
    return Reply(found if act is image_making.exported else image_view(call, found))


@chapter.delete('/:account/images/:dataset', 'DeleteImage')
def delete_image(call: Call) -> Reply:
    """Delete an image of one's own that no other image builds upon."""
    image = _image(call)
    image_making.check_owner(call, image)
    others = call.store.find('image', home=call.home)
    if any(other.get('origin') == image['id'] for other in others):
        text = f'image {image["id"]} is used by other images'
        raise Refusal(422, 'ImageHasDependentImages', text)
    call.store.delete('image', image['id'], home=call.home)
    return Reply(status=204)


def find_image(call: Call, id: str) -> Doc | None:
    """Return an image that the account may use, by its id."""
    image = call.store.get('image', id.lower(), home=call.home)
    return image if image is not None and image_making.visible(call, image) else None


def image_view(call: Call, image: Doc) -> dict[str, Any]:
    """Return an image as CloudAPI shows it to the version that was asked for."""
    view = {name: image[name] for name in _BASIC if name in image}
    view['requirements'] = _requirements(view['requirements'])
    if 'type' in image:
        view['type'] = image['type'] if _modern(call) else _old_type(image)
    view |= {name: image[name] for name in _OPTIONAL if name in image}
    new = versions.reaches(call.asked, '7.1.0')
    view |= {name: image[name] for name in _SINCE_7_1 if new and name in image}
    view |= {name: image[name] for name in ('tags', 'published_at') if name in image}
    return view | {name: image[name] for name in _LAST_SINCE_7_1 if new and name in image}


def _requirements(needs: Doc) -> Doc:
    """Return what an image needs; limits of memory stand there by their two names."""
    ends = ('min', 'max')
    return needs | {f'{end}_memory': needs[f'{end}_ram'] for end in ends if f'{end}_ram' in needs}


def _image(call: Call) -> Doc:
    ref = call.text('dataset')
    if not is_uuid(ref):
        raise not_found(f'{ref} not found')
    image = find_image(call, ref)
    if image is None:
        raise not_found('image not found')
    return image


def _modern(call: Call) -> bool:
    return versions.reaches(call.asked, '8.0.0')


def _old_type(image: Doc) -> str:
    return 'virtualmachine' if image['type'] == 'zvol' else 'smartmachine'


def _type_filter(call: Call) -> Callable[[Doc], bool]:
    """Return the test for the type that was asked for; docker images want to be asked for."""
    wanted = call.text('type')
    if not wanted:
        return lambda image: image['type'] != 'docker'
    if _modern(call):
        return lambda image: image['type'] == wanted
    if wanted not in _OLD_TYPES:
        raise invalid(f'image type {wanted} is not a valid type')
    return lambda image: (image['type'] == 'zvol') is _OLD_TYPES[wanted]


def _fits(call: Call, image: Doc) -> bool:
    """Tell whether an image is what the filters want."""
    state = call.text('state') or 'active'
    if state not in ('all', image['state']):
        return False
    if not all(_like(call.text(name), str(image[name])) for name in ('name', 'version')):
        return False
    if any(call.text(name) not in ('', image[name]) for name in ('os', 'owner')):
        return False
    return call.text('public').lower() in ('', str(bool(image.get('public'))).lower())


def _like(wanted: str, value: str) -> bool:
    """Compare with a filter; a leading `~` looks for a part."""
    return wanted[1:] in value if wanted.startswith('~') else wanted in ('', value)
