"""Every error that leaves this library.

::

    SmartDCError
    ├── InvalidInput (ValueError)        refused before anything was sent
    │   ├── ConfigurationError           no data center, account or key to work with
    │   ├── UnknownName                  nothing has this name or short id
    │   └── AmbiguousName                several things have it
    ├── SigningError                     the request could not be signed
    │   ├── KeyUnreadable                no such key file, or no right to read it
    │   ├── KeyUnsupported               a key or file form that cannot sign for CloudAPI
    │   ├── NotAPrivateKey               a public key, or no key at all
    │   ├── PassphraseRequired           encrypted, and there is nobody to ask
    │   ├── WrongPassphrase
    │   └── AgentError                   ssh-agent is not there, refused, or lacks the key
    ├── ConnectionFailed (requests.ConnectionError)
    │   ├── TLSError                     the server's certificate was not accepted
    │   └── Timeout (requests.Timeout)   no answer in time
    ├── SSHError                         SSH to a machine went wrong
    │   ├── HostKeyRefused               its host key is not known, or has changed
    │   ├── LoginRefused                 it took none of the keys
    │   └── CommandFailed                a command ended with another status than 0
    ├── InvalidResponse                  an answer that is not CloudAPI's
    │   └── ResponseTooLarge             an answer longer than `body_limit`
    ├── APIError (requests.HTTPError)    CloudAPI said no; one class a code, below
    │   └── MachineGone                  the machine is deleted; carries its last data
    ├── Unsupported (RuntimeError)       this API version does not have it
    ├── MachineDiffers                   there is another machine of that name
    ├── PartialFailure                   some of many failed; carries the results of the others
    │   ├── FleetError                   machines
    │   └── CloudError                   data centers
    ├── WaitFailed                       what was waited for cannot happen any more
    │   ├── ActionFailed                 an action on a machine came to nothing
    │   └── MachineFailed                the machine failed
    └── WaitTimeout (TimeoutError)       what was waited for did not happen in time

Each says in `maybe_done` whether a write may have been done all the same; after a create `sought`
is what to look for. An error of CloudAPI has the status, the code, the message, the list of field
errors and the id of the request as attributes, so that a program never has to read the text.
"""

from smartdc.errors.base import (
    ActionFailed,
    AgentError,
    AmbiguousName,
    APIError,
    CommandFailed,
    ConfigurationError,
    ConnectionFailed,
    HostKeyRefused,
    InvalidInput,
    InvalidResponse,
    KeyUnreadable,
    KeyUnsupported,
    LoginRefused,
    MachineDiffers,
    MachineFailed,
    NotAPrivateKey,
    PassphraseRequired,
    ResponseTooLarge,
    SigningError,
    SmartDCError,
    SSHError,
    Timeout,
    TLSError,
    UnknownName,
    Unsupported,
    WaitFailed,
    WaitTimeout,
    WrongPassphrase,
)
from smartdc.errors.codes import (
    AccountDoesNotExist,
    BadDigest,
    BadRequest,
    BrandNotSupported,
    CannotDestroyMachine,
    Conflict,
    DefaultFabricNetworkNotConfigured,
    Forbidden,
    ImageHasDependentImages,
    ImageNotShared,
    ImageRefused,
    ImageUuidAlreadyExists,
    InsufficientDiskSpace,
    InsufficientServerVersion,
    InternalError,
    InvalidArgument,
    InvalidContent,
    InvalidCredentials,
    InvalidFabricPackage,
    InvalidHeader,
    InvalidNetworks,
    InvalidParameter,
    InvalidParameters,
    InvalidVersion,
    KeyRequired,
    MachineGone,
    MachineHasNoVNC,
    MachineStopped,
    MethodNotAllowed,
    MissingParameter,
    NotAcceptable,
    NotAuthorized,
    NotImageOwner,
    NotImplementedByServer,
    NotMantaPathOwner,
    OriginDoesNotExist,
    OriginIsNotActive,
    OwnerDoesNotExist,
    PayloadTooLarge,
    PreconditionFailed,
    RequestExpired,
    ResourceNotFound,
    ServiceUnavailable,
    SubnetFull,
    TooManyRequests,
    UnallocatedVM,
    UnsupportedMediaType,
    UpgradeRequired,
    ValidationFailed,
    VmNotRunning,
    VmNotStopped,
    VmWithoutFlexibleDiskSize,
    VolumeAlreadyExists,
    VolumeInUse,
    VolumeNotFound,
    VolumeSizeNotAvailable,
    VolumesNotReachable,
)
from smartdc.errors.partial import CloudError, FleetError, PartialFailure

__all__ = [
    'APIError',
    'AccountDoesNotExist',
    'ActionFailed',
    'AgentError',
    'AmbiguousName',
    'BadDigest',
    'BadRequest',
    'BrandNotSupported',
    'CannotDestroyMachine',
    'CloudError',
    'CommandFailed',
    'ConfigurationError',
    'Conflict',
    'ConnectionFailed',
    'DefaultFabricNetworkNotConfigured',
    'FleetError',
    'Forbidden',
    'HostKeyRefused',
    'ImageHasDependentImages',
    'ImageNotShared',
    'ImageRefused',
    'ImageUuidAlreadyExists',
    'InsufficientDiskSpace',
    'InsufficientServerVersion',
    'InternalError',
    'InvalidArgument',
    'InvalidContent',
    'InvalidCredentials',
    'InvalidFabricPackage',
    'InvalidHeader',
    'InvalidInput',
    'InvalidNetworks',
    'InvalidParameter',
    'InvalidParameters',
    'InvalidResponse',
    'InvalidVersion',
    'KeyRequired',
    'KeyUnreadable',
    'KeyUnsupported',
    'LoginRefused',
    'MachineDiffers',
    'MachineFailed',
    'MachineGone',
    'MachineHasNoVNC',
    'MachineStopped',
    'MethodNotAllowed',
    'MissingParameter',
    'NotAPrivateKey',
    'NotAcceptable',
    'NotAuthorized',
    'NotImageOwner',
    'NotImplementedByServer',
    'NotMantaPathOwner',
    'OriginDoesNotExist',
    'OriginIsNotActive',
    'OwnerDoesNotExist',
    'PartialFailure',
    'PassphraseRequired',
    'PayloadTooLarge',
    'PreconditionFailed',
    'RequestExpired',
    'ResourceNotFound',
    'ResponseTooLarge',
    'SSHError',
    'ServiceUnavailable',
    'SigningError',
    'SmartDCError',
    'SubnetFull',
    'TLSError',
    'Timeout',
    'TooManyRequests',
    'UnallocatedVM',
    'UnknownName',
    'Unsupported',
    'UnsupportedMediaType',
    'UpgradeRequired',
    'ValidationFailed',
    'VmNotRunning',
    'VmNotStopped',
    'VmWithoutFlexibleDiskSize',
    'VolumeAlreadyExists',
    'VolumeInUse',
    'VolumeNotFound',
    'VolumeSizeNotAvailable',
    'VolumesNotReachable',
    'WaitFailed',
    'WaitTimeout',
    'WrongPassphrase',
]
