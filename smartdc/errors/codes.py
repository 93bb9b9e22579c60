"""One class for each error code of CloudAPI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smartdc.errors.base import APIError
from smartdc.shapes import is_object


class BadRequest(APIError):
    """400: the server could not make sense of the request."""


class BadDigest(BadRequest):
    """400: the body does not match its Content-MD5."""


class InvalidContent(BadRequest):
    """400: the body is not valid JSON."""


class InvalidHeader(BadRequest):
    """400: the Authorization or Date header was refused, often because a clock is wrong."""

    advice = (
        "If it names a clock skew, set this machine's clock: 300 s are allowed; else check key_id"
    )


class InvalidVersion(BadRequest):
    """400: the server has no such API version for this operation."""

    advice = "Pass another api_version=, such as '~9||~8||~7'"


class RequestExpired(BadRequest):
    """400: the request's date is too old."""


class MachineHasNoVNC(BadRequest):
    """400: only kvm and bhyve machines have a console."""


class MachineStopped(BadRequest):
    """400: the machine has to run for this."""


class UpgradeRequired(BadRequest):
    """400: the operation speaks websocket."""


class InvalidCredentials(APIError):
    """401: unknown account or key, or a signature that does not match."""

    advice = "Check the account, that this key is among its keys, and this machine's clock"


class NotAuthorized(APIError):
    """403: the caller may not do this, or a quota is used up."""


class Forbidden(NotAuthorized):
    """403: the thing belongs to somebody else."""


class ResourceNotFound(APIError):
    """404: there is no such thing."""


class VolumeNotFound(ResourceNotFound):
    """404: there is no such volume."""


class MethodNotAllowed(APIError):
    """405: the server has no such operation."""


class NotAcceptable(APIError):
    """406: the server cannot answer in the form asked for."""


class Conflict(APIError):
    """409: the request contradicts what is there."""


class InvalidArgument(Conflict):
    """409: an argument was refused."""


class MissingParameter(Conflict):
    """409: an argument is missing."""


class ValidationFailed(Conflict):
    """409 or 422: arguments were refused; `errors` says which."""


class KeyRequired(Conflict):
    """409: the account needs an SSH key before it can create machines."""


class InvalidFabricPackage(Conflict):
    """409: the package may not be used on fabric networks."""


class CannotDestroyMachine(Conflict):
    """409: the machine has deletion protection."""


class UnallocatedVM(Conflict):
    """409: the machine is still being provisioned."""


class VmNotStopped(Conflict):
    """409: the machine has to be stopped for this."""


class VmNotRunning(Conflict):
    """409: the machine has to run for this."""


class VmWithoutFlexibleDiskSize(Conflict):
    """409: the machine's package has no flexible disks."""


class InsufficientDiskSpace(Conflict):
    """409: the machine's package has not enough disk left."""


class BrandNotSupported(Conflict):
    """409: machines of this brand cannot do this."""


class VolumesNotReachable(Conflict):
    """409: the machine's networks do not reach the volumes."""


class DefaultFabricNetworkNotConfigured(Conflict):
    """409: the account has no default network."""


class InvalidNetworks(Conflict):
    """409: the networks were refused."""


class VolumeAlreadyExists(Conflict):
    """409: the name is taken."""


class VolumeInUse(Conflict):
    """409: machines use the volume."""


class VolumeSizeNotAvailable(Conflict):
    """409: the size is not on offer."""


class ImageUuidAlreadyExists(Conflict):
    """409: the image is here already."""


class MachineGone(APIError):
    """410: the machine is deleted; `machine` is its last data, a dict."""

    advice = 'The machine is deleted; its audit() is what remains'

    @property
    def machine(self) -> dict[str, Any]:
        """The machine's last data; empty when the server sent none."""
        return dict(self.body) if is_object(self.body) else {}


class PreconditionFailed(APIError):
    """412: a migration is not at the point where this can be done."""


class PayloadTooLarge(APIError):
    """413: the body is larger than the server takes."""


class UnsupportedMediaType(APIError):
    """415: the server does not take a body of this type."""


class InvalidParameters(APIError):
    """422: arguments were refused; `errors` says which."""


class InvalidParameter(InvalidParameters):
    """422: an argument was refused."""


class ImageRefused(APIError):
    """422: the image service refused; the code says why."""


class ImageHasDependentImages(ImageRefused):
    """422: other images are built on this one."""


class NotImageOwner(ImageRefused):
    """422: the image belongs to somebody else."""


class ImageNotShared(ImageRefused):
    """422: the image is not shared with this account."""


class NotMantaPathOwner(ImageRefused):
    """422: the Manta path belongs to somebody else."""


class OwnerDoesNotExist(ImageRefused):
    """422: there is no such owner."""


class AccountDoesNotExist(ImageRefused):
    """422: there is no such account."""


class OriginDoesNotExist(ImageRefused):
    """422: the image that this one is built on is not there."""


class OriginIsNotActive(ImageRefused):
    """422: the image that this one is built on is not active."""


class InsufficientServerVersion(ImageRefused):
    """422: the machine's server is too old to make images."""


class TooManyRequests(APIError):
    """429: too many requests a second from this account."""


class InternalError(APIError):
    """500: the server failed."""


class NotImplementedByServer(APIError):
    """501: this data center does not offer it."""


class ServiceUnavailable(APIError):
    """503: maintenance, or a service behind the server is away."""


class SubnetFull(APIError):
    """507: the network has no free address."""


BY_CODE: Mapping[str, type[APIError]] = {
    **{
        leaf.__name__: leaf
        for leaf in (
            *(BadRequest, BadDigest, InvalidContent, InvalidHeader, InvalidVersion),
            *(RequestExpired, InvalidCredentials, NotAuthorized, Forbidden, ResourceNotFound),
            *(VolumeNotFound, InvalidArgument, MissingParameter, ValidationFailed, KeyRequired),
            *(InvalidFabricPackage, UnallocatedVM, VmNotStopped, VmNotRunning),
            *(VmWithoutFlexibleDiskSize, InsufficientDiskSpace, BrandNotSupported),
            *(InvalidNetworks, VolumeAlreadyExists, VolumeInUse, VolumeSizeNotAvailable),
            *(ImageUuidAlreadyExists, PreconditionFailed, InvalidParameters, InvalidParameter),
            *(ImageHasDependentImages, NotImageOwner, ImageNotShared, NotMantaPathOwner),
            *(OwnerDoesNotExist, AccountDoesNotExist, OriginDoesNotExist, OriginIsNotActive),
            *(InsufficientServerVersion, InternalError, ServiceUnavailable, SubnetFull),
        )
    },
    'BadRequestError': BadRequest,
    'MachineHasNoVNCError': MachineHasNoVNC,
    'MachineStoppedError': MachineStopped,
    'UpgradeRequiredError': UpgradeRequired,
    'MethodNotAllowedError': MethodNotAllowed,
    'NotAcceptableError': NotAcceptable,
    'CannotDestroyMachineError': CannotDestroyMachine,
    'ConflictError': Conflict,
    'VolumesNotReachableError': VolumesNotReachable,
    'DefaultFabricNetworkNotConfiguredError': DefaultFabricNetworkNotConfigured,
    'ValidationError': ValidationFailed,
    'PayloadTooLargeError': PayloadTooLarge,
    'UnsupportedMediaTypeError': UnsupportedMediaType,
    'TooManyRequestsError': TooManyRequests,
    'RequestThrottled': TooManyRequests,
    'InternalServerError': InternalError,
    'CloudApiError': InternalError,
    'NotImplementedError': NotImplementedByServer,
    'NotAvailable': NotImplementedByServer,
    'ServiceUnavailableError': ServiceUnavailable,
    'SubnetsExhausted': SubnetFull,
}

BY_STATUS: Mapping[int, type[APIError]] = {
    400: BadRequest,
    401: InvalidCredentials,
    403: NotAuthorized,
    404: ResourceNotFound,
    405: MethodNotAllowed,
    406: NotAcceptable,
    409: Conflict,
    410: MachineGone,
    412: PreconditionFailed,
    413: PayloadTooLarge,
    415: UnsupportedMediaType,
    420: TooManyRequests,
    429: TooManyRequests,
    500: InternalError,
    501: NotImplementedByServer,
    503: ServiceUnavailable,
    507: SubnetFull,
}


def leaf_for(status: int, code: str) -> type[APIError]:
    """Return the class for CloudAPI's `code`, or for the status where the code is unknown."""
    if status == 410:
        return MachineGone
    return BY_CODE.get(code) or BY_STATUS.get(status, APIError)
