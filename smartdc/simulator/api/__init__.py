"""The chapters of CloudAPI, in the order in which the server mounts them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from smartdc.simulator.api import (
    accesskeys,
    account,
    audit,
    changefeed,
    config,
    datacenters,
    datasets,
    disks,
    fabrics,
    firewall,
    images,
    keys,
    machines,
    metadata,
    migrations,
    network_ips,
    networks,
    nics,
    packages,
    policies,
    roles,
    roletags,
    services,
    snapshots,
    tags,
    user_keys,
    users,
    vnc,
    volumes,
)
from smartdc.simulator.routing import Route

#: Where several routes fit a request, the order of this list decides.
ROUTES = [
    route
    for module in (
        images,
        packages,
        networks,
        network_ips,
        fabrics,
        account,
        datacenters,
        services,
        keys,
        machines,
        changefeed,
        metadata,
        migrations,
        snapshots,
        disks,
        tags,
        audit,
        firewall,
        vnc,
        users,
        user_keys,
        policies,
        roles,
        nics,
        volumes,
        config,
        roletags,
        accesskeys,
    )
    for route in module.chapter.routes
]


def routes(settings: Mapping[str, Any]) -> list[Route]:
    """Return the routes that a data center of a world has, by its version and its switches."""
    switched = [] if settings.get('volumes') else volumes.chapter.routes
    found = [route for route in ROUTES if route not in switched]
    return datasets.old_routes(found, settings) if datasets.is_old(settings) else found
