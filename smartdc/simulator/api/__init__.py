"""The chapters of CloudAPI, in the order in which the server mounts them."""

from __future__ import annotations

from smartdc.simulator.api import (
    accesskeys,
    account,
    audit,
    changefeed,
    config,
    datacenters,
    disks,
    fabrics,
    firewall,
    images,
    keys,
    machines,
    metadata,
    migrations,
    networks,
    nics,
    packages,
    policies,
    roles,
    roletags,
    services,
    snapshots,
    tags,
    users,
    vnc,
)

#: Where several routes fit a request, the order of this list decides.
ROUTES = [
    route
    for module in (
        images,
        packages,
        networks,
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
        policies,
        roles,
        nics,
        config,
        roletags,
        accesskeys,
    )
    for route in module.chapter.routes
]
