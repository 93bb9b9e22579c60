"""Every error that leaves this library.

::

    SmartDCError
    ├── InvalidInput (ValueError)        refused before anything was sent
    │   └── ConfigurationError           no data center, account or key to work with
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
    ├── InvalidResponse                  an answer that is not CloudAPI's
    ├── APIError (requests.HTTPError)    CloudAPI said no; one class a code, below
    │   └── MachineGone                  the machine is deleted; carries its last data
    ├── Unsupported (RuntimeError)       this API version does not have it
    ├── PartialFailure                   some of many failed; carries the results of the others
    │   ├── FleetError                   machines
    │   └── CloudError                   data centers
    ├── WaitFailed                       what was waited for cannot happen any more
    │   └── MachineFailed                the machine failed
    └── WaitTimeout (TimeoutError)       what was waited for did not happen in time

An error of CloudAPI has the status, the code, the message, the list of field errors and the id
of the request as attributes, so that a program never has to read the text.
"""

from smartdc.errors.base import (
    AgentError,
    APIError,
    CloudError,
    ConfigurationError,
    ConnectionFailed,
    FleetError,
    InvalidInput,
    InvalidResponse,
    KeyUnreadable,
    KeyUnsupported,
    MachineFailed,
    NotAPrivateKey,
    PartialFailure,
    PassphraseRequired,
    SigningError,
    SmartDCError,
    Timeout,
    TLSError,
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

__all__ = [
    'APIError',
    'AccountDoesNotExist',
    'AgentError',
    'BadDigest',
    'BadRequest',
    'BrandNotSupported',
    'CannotDestroyMachine',
    'CloudError',
    'ConfigurationError',
    'Conflict',
    'ConnectionFailed',
    'DefaultFabricNetworkNotConfigured',
    'FleetError',
    'Forbidden',
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
    'ServiceUnavailable',
    'SigningError',
    'SmartDCError',
    'SubnetFull',
    'TLSError',
    'Timeout',
    'TooManyRequests',
    'UnallocatedVM',
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
