"""Triton DataCenter (SmartDataCenter) from Python.

`DataCenter` is where everything begins; `Machine` and `Snapshot` are what it gives. The errors
are drawn as a tree in `smartdc.errors`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = '1.0.0.dev0'

if TYPE_CHECKING:
    from smartdc import profiles
    from smartdc.changefeed import Change
    from smartdc.clock import deadline
    from smartdc.cloud import Cloud
    from smartdc.datacenter import (
        DEFAULT_LOCATION,
        KNOWN_LOCATIONS,
        TELEFONICA_LOCATIONS,
        DataCenter,
    )
    from smartdc.errors import *
    from smartdc.fleet import Fleet
    from smartdc.legacy import LegacyDataCenter
    from smartdc.machine import Machine, Snapshot
    from smartdc.pacing import Pace
    from smartdc.progress import Progress
    from smartdc.retrying import Retry

__all__ = [
    'DEFAULT_LOCATION',
    'KNOWN_LOCATIONS',
    'TELEFONICA_LOCATIONS',
    'APIError',
    'AccountDoesNotExist',
    'ActionFailed',
    'AgentError',
    'AmbiguousName',
    'BadDigest',
    'BadRequest',
    'BrandNotSupported',
    'CannotDestroyMachine',
    'Change',
    'Cloud',
    'CloudError',
    'CommandFailed',
    'ConfigurationError',
    'Conflict',
    'ConnectionFailed',
    'DataCenter',
    'DefaultFabricNetworkNotConfigured',
    'Fleet',
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
    'LegacyDataCenter',
    'LoginRefused',
    'Machine',
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
    'Pace',
    'PartialFailure',
    'PassphraseRequired',
    'PayloadTooLarge',
    'PreconditionFailed',
    'Progress',
    'RequestExpired',
    'ResourceNotFound',
    'ResponseTooLarge',
    'Retry',
    'SSHError',
    'ServiceUnavailable',
    'SigningError',
    'SmartDCError',
    'Snapshot',
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
    'deadline',
    'profiles',
]

#: Where a name comes from; all others are errors.
_HOMES = {
    'Change': 'smartdc.changefeed',
    'Cloud': 'smartdc.cloud',
    'DEFAULT_LOCATION': 'smartdc.datacenter',
    'DataCenter': 'smartdc.datacenter',
    'Fleet': 'smartdc.fleet',
    'KNOWN_LOCATIONS': 'smartdc.datacenter',
    'TELEFONICA_LOCATIONS': 'smartdc.datacenter',
    'LegacyDataCenter': 'smartdc.legacy',
    'Machine': 'smartdc.machine',
    'Pace': 'smartdc.pacing',
    'Progress': 'smartdc.progress',
    'Retry': 'smartdc.retrying',
    'Snapshot': 'smartdc.machine',
    'deadline': 'smartdc.clock',
    'profiles': 'smartdc.profiles',
}


def load_ipython_extension(shell: Any) -> None:
    """Complete names of machines, images and the like from now on: `%load_ext smartdc`."""
    import_module('smartdc.completion').install(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Complete them no longer: `%unload_ext smartdc`."""
    import_module('smartdc.completion').uninstall(shell)


if not TYPE_CHECKING:
    # Loading requests and all chapters takes longer than many a script that only wants a version.
    def __getattr__(name: str) -> Any:
        if name not in __all__:
            raise AttributeError(f'module {__name__!r} has no attribute {name!r}')
        home = import_module(_HOMES.get(name, 'smartdc.errors'))
        found = home if home.__name__ == f'{__name__}.{name}' else getattr(home, name)
        globals()[name] = found
        return found

    def __dir__() -> list[str]:
        return __all__
