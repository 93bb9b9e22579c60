"""A call of the client for each operation of CloudAPI, with every argument there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from smartdc import DataCenter, Machine, Snapshot

ID = 'b1e3f1c0-9999-4aaa-8bbb-cccccccccccc'
_ACCOUNT: Any = dict.fromkeys(
    ('company_name', 'first_name', 'last_name', 'address', 'postal_code', 'city', 'state'), 'x'
) | {'country': 'x', 'phone': 'x'}
_IMAGE: dict[str, Any] = {
    **dict.fromkeys(('name', 'version', 'description', 'homepage', 'eula'), 'x'),
    'acl': ['x'],
    'tags': {'a': 'b'},
}
_NETWORK: dict[str, Any] = {
    **dict.fromkeys(('name', 'description', 'provision_start_ip', 'provision_end_ip'), 'x'),
    'resolvers': ['x'],
    'routes': {'a': 'b'},
}
_NEW_NETWORK: Any = {**_NETWORK, 'subnet': 'x', 'gateway': 'x', 'internet_nat': True}
_RULE: Any = {'enabled': True, 'log': True, 'description': 'x'}
_KEY: Any = {'attestation': ['x']}
_ROLE: Any = {'policies': ['x'], 'members': ['x'], 'default_members': ['x']}
_SWITCHES: Any = dict.fromkeys(
    ('firewall_enabled', 'deletion_protection', 'allow_shared_images', 'delegate_dataset'), True
) | {'encrypted': True}
_ACCESS: Any = {'status': 'Active', 'description': 'x'}

#: What a call gets in answer when it is not an empty object.
ANSWERS: dict[str, Any] = {
    **{name: [] for name in ('ListMachines', 'ListMachineSnapshots', 'ListNetworkIPs')},
    **{name: [] for name in ('ListDatasets', 'ListKeys')},
    **dict.fromkeys(('GetMachineMetadata', 'GetMachineTag'), 'text'),
    'CreateMachine': {'id': ID},
    'GetMachine': {'id': ID},
    'CreateMachineSnapshot': {'name': 's', 'state': 'queued'},
    'GetMachineSnapshot': {'name': 's', 'state': 'queued'},
    'AddNic': {'mac': '90:b8:d0:11:22:33'},
    'SetRoleTags': {'role-tag': ['x']},
}


def _create_machine(sdc: DataCenter, _machine: Machine) -> Any:
    return sdc.create_machine(
        'x',
        'x',
        ID,
        {'a': 'b'},
        {'a': 'b'},
        networks=[ID],
        affinity=['a==b'],
        locality={'strict': True},
        **_SWITCHES,
        brand='bhyve',
        disks=[{'size': 1}],
        volumes=[{'name': 'v', 'mountpoint': '/m'}],
        password='x',
        administrator_pw='x',
        default_networks=['external'],
    )


CALLS: dict[str, Callable[[DataCenter, Machine], Any]] = {
    'Ping': lambda s, _m: s.ping(),
    'GetAccount': lambda s, _m: s.account(),
    'UpdateAccount': lambda s, _m: s.update_account('x', **_ACCOUNT, triton_cns_enabled=True),
    'GetAccountLimits': lambda s, _m: s.limits(),
    'GetConfig': lambda s, _m: s.config(),
    'UpdateConfig': lambda s, _m: s.update_config(default_network=ID),
    'ListKeys': lambda s, _m: s.keys(sync=True),
    'GetKey': lambda s, _m: s.key('k'),
    'CreateKey': lambda s, _m: s.add_key('k', 'ssh-rsa A', **_KEY),
    'DeleteKey': lambda s, _m: s.delete_key('k'),
    'ListAccessKeys': lambda s, _m: s.access_keys(),
    'CreateAccessKey': lambda s, _m: s.create_access_key(**_ACCESS),
    'GetAccessKey': lambda s, _m: s.access_key('k'),
    'UpdateAccessKey': lambda s, _m: s.update_access_key('k', **_ACCESS),
    'DeleteAccessKey': lambda s, _m: s.delete_access_key('k'),
    'ListDatacenters': lambda s, _m: s.datacenters(),
    'GetDatacenter': lambda s, _m: s.datacenter_url('d'),
    'ListForeignDatacenters': lambda s, _m: s.foreign_datacenters(),
    'AddForeignDatacenter': lambda s, _m: s.add_foreign_datacenter('d', 'https://d'),
    'ListServices': lambda s, _m: s.services(),
    'ListUsers': lambda s, _m: s.users(),
    'GetUser': lambda s, _m: s.user('u', membership=True),
    'CreateUser': lambda s, _m: s.create_user(login='u', email='e', password='p', **_ACCOUNT),
    'UpdateUser': lambda s, _m: s.update_user('u', login='u', email='e', **_ACCOUNT),
    'ChangeUserPassword': lambda s, _m: s.change_user_password('u', 'p'),
    'DeleteUser': lambda s, _m: s.delete_user('u'),
    'ListUserKeys': lambda s, _m: s.user_keys('u', sync=True),
    'GetUserKey': lambda s, _m: s.user_key('u', 'k'),
    'CreateUserKey': lambda s, _m: s.add_user_key('u', 'k', 'ssh-rsa A', **_KEY),
    'DeleteUserKey': lambda s, _m: s.delete_user_key('u', 'k'),
    'ListUserAccessKeys': lambda s, _m: s.user_access_keys('u'),
    'CreateUserAccessKey': lambda s, _m: s.create_user_access_key('u', **_ACCESS),
    'GetUserAccessKey': lambda s, _m: s.user_access_key('u', 'k'),
    'UpdateUserAccessKey': lambda s, _m: s.update_user_access_key('u', 'k', **_ACCESS),
    'DeleteUserAccessKey': lambda s, _m: s.delete_user_access_key('u', 'k'),
    'ListRoles': lambda s, _m: s.roles(),
    'GetRole': lambda s, _m: s.role('r'),
    'CreateRole': lambda s, _m: s.create_role('r', **_ROLE),
    'UpdateRole': lambda s, _m: s.update_role('r', name='r', **_ROLE),
    'DeleteRole': lambda s, _m: s.delete_role('r'),
    'ListPolicies': lambda s, _m: s.policies(),
    'GetPolicy': lambda s, _m: s.policy('p'),
    'CreatePolicy': lambda s, _m: s.create_policy('p', ['CAN x'], description='x'),
    'UpdatePolicy': lambda s, _m: s.update_policy('p', name='x', rules=['CAN x'], description='x'),
    'DeletePolicy': lambda s, _m: s.delete_policy('p'),
    'ListImages': lambda s, _m: s.images('x', 'x', 'x', True, 'all', 'x', 'x'),
    'GetImage': lambda s, _m: s.image(ID),
    'DeleteImage': lambda s, _m: s.delete_image(ID),
    'CreateImageFromMachine': lambda s, m: s.create_image(m, **_IMAGE),
    'ImportImageFromDatacenter': lambda s, _m: s.import_image('d', ID),
    'UpdateImage': lambda s, _m: s.update_image(ID, **_IMAGE),
    'ExportImage': lambda s, _m: s.export_image(ID, '/x/stor'),
    'CloneImage': lambda s, _m: s.clone_image(ID),
    'ListPackages': lambda s, _m: s.packages(
        'x', 1, 1, 1, 'x', 1, 'x', lwps=1, brand='x', flexible_disk=True
    ),
    'GetPackage': lambda s, _m: s.package('p'),
    'ListMachines': lambda s, _m: s.machines(
        'smartmachine',
        'x',
        ID,
        'running',
        1,
        True,
        {'a': 'b'},
        True,
        True,
        1,
        1,
        brand='x',
        docker=True,
    ),
    'HeadMachines': lambda s, _m: s.num_machines('smartmachine', ID, 'running', 1, True, '*'),
    'GetMachine': lambda s, _m: s.machine(ID, credentials=True),
    'CreateMachine': _create_machine,
    'StopMachine': lambda _s, m: m.stop(),
    'StartMachine': lambda _s, m: m.start(),
    'RebootMachine': lambda _s, m: m.reboot(),
    'ResizeMachine': lambda _s, m: m.resize('p'),
    'RenameMachine': lambda _s, m: m.rename('n'),
    'EnableMachineFirewall': lambda _s, m: m.enable_firewall(),
    'DisableMachineFirewall': lambda _s, m: m.disable_firewall(),
    'EnableMachineDeletionProtection': lambda _s, m: m.enable_deletion_protection(),
    'DisableMachineDeletionProtection': lambda _s, m: m.disable_deletion_protection(),
    'DeleteMachine': lambda _s, m: m.delete(),
    'MachineAudit': lambda _s, m: m.audit(),
    'ListMachineMetadata': lambda _s, m: m.get_metadata(credentials=True),
    'GetMachineMetadata': lambda _s, m: m.get_metadata_at_key('k'),
    'UpdateMachineMetadata': lambda _s, m: m.update_metadata(a='b'),
    'DeleteMachineMetadata': lambda _s, m: m.delete_metadata_at_key('k'),
    'DeleteAllMachineMetadata': lambda _s, m: m.delete_all_metadata(),
    'ListMachineTags': lambda _s, m: m.get_tags(),
    'AddMachineTags': lambda _s, m: m.add_tags(a='b'),
    'ReplaceMachineTags': lambda _s, m: m.replace_tags(a='b'),
    'GetMachineTag': lambda _s, m: m.get_tag('t'),
    'DeleteMachineTag': lambda _s, m: m.delete_tag('t'),
    'DeleteMachineTags': lambda _s, m: m.delete_all_tags(),
    'CreateMachineSnapshot': lambda _s, m: m.create_snapshot('s'),
    'StartMachineFromSnapshot': lambda _s, m: m.start_from_snapshot('s'),
    'ListMachineSnapshots': lambda _s, m: m.snapshots(),
    'GetMachineSnapshot': lambda _s, m: m.snapshot('s'),
    'DeleteMachineSnapshot': lambda _s, m: Snapshot(m, data={'name': 's'}).delete(),
    'CreateMachineDisk': lambda _s, m: m.create_disk(1, pci_slot='0:4:1'),
    'ResizeMachineDisk': lambda _s, m: m.resize_disk(ID, 1, dangerous_allow_shrink=True),
    'GetMachineDisk': lambda _s, m: m.get_disk(ID),
    'ListMachineDisks': lambda _s, m: m.disks(),
    'DeleteMachineDisk': lambda _s, m: m.delete_disk(ID),
    'ListMigrations': lambda s, _m: s.migrations(),
    'GetMigration': lambda s, m: s.migration(m),
    'MigrateMachineEstimate': lambda _s, m: m.estimate_migration(),
    'Migrate begin': lambda _s, m: m.migrate('begin', affinity=['a==b']),
    'Migrate sync': lambda _s, m: m.migrate('sync'),
    'Migrate switch': lambda _s, m: m.migrate('switch'),
    'Migrate automatic': lambda _s, m: m.migrate('automatic', affinity=['a==b']),
    'Migrate pause': lambda _s, m: m.migrate('pause'),
    'Migrate abort': lambda _s, m: m.migrate('abort'),
    'Migrate finalize': lambda _s, m: m.migrate('finalize'),
    'Migrate watch': lambda _s, m: list(m.watch_migration()),
    'ListFirewallRules': lambda s, _m: s.firewall_rules(),
    'GetFirewallRule': lambda s, _m: s.firewall_rule(ID),
    'CreateFirewallRule': lambda s, _m: s.create_firewall_rule('x', **_RULE),
    'UpdateFirewallRule': lambda s, _m: s.update_firewall_rule(ID, text='x', **_RULE),
    'EnableFirewallRule': lambda s, _m: s.enable_firewall_rule(ID),
    'DisableFirewallRule': lambda s, _m: s.disable_firewall_rule(ID),
    'DeleteFirewallRule': lambda s, _m: s.delete_firewall_rule(ID),
    'ListMachineFirewallRules': lambda _s, m: m.firewall_rules(),
    'ListFirewallRuleMachines': lambda s, _m: s.firewall_rule_machines(ID),
    'ListNetworks': lambda s, _m: s.networks(fabric=True),
    'GetNetwork': lambda s, _m: s.network(ID),
    'ListNetworkIPs': lambda s, _m: s.network_ips(ID),
    'GetNetworkIP': lambda s, _m: s.network_ip(ID, '10.0.0.1'),
    'UpdateNetworkIP': lambda s, _m: s.update_network_ip(ID, '10.0.0.1', reserved=True),
    'ListFabricVLANs': lambda s, _m: s.fabric_vlans(),
    'CreateFabricVLAN': lambda s, _m: s.create_fabric_vlan(2, 'x', description='x'),
    'GetFabricVLAN': lambda s, _m: s.fabric_vlan(2),
    'UpdateFabricVLAN': lambda s, _m: s.update_fabric_vlan(2, name='x', description='x'),
    'DeleteFabricVLAN': lambda s, _m: s.delete_fabric_vlan(2),
    'ListFabricNetworks': lambda s, _m: s.fabric_networks(2),
    'CreateFabricNetwork': lambda s, _m: s.create_fabric_network(2, **_NEW_NETWORK),
    'GetFabricNetwork': lambda s, _m: s.fabric_network(2, ID),
    'UpdateFabricNetwork': lambda s, _m: s.update_fabric_network(2, ID, **_NETWORK),
    'DeleteFabricNetwork': lambda s, _m: s.delete_fabric_network(2, ID),
    'ListNics': lambda _s, m: m.nics(),
    'GetNic': lambda _s, m: m.nic('90:b8:d0:11:22:33'),
    'AddNic': lambda _s, m: m.add_nic(ID, primary=True),
    'RemoveNic': lambda _s, m: m.remove_nic('90:b8:d0:11:22:33'),
    'ListVolumes': lambda s, _m: s.volumes(
        name='x', predicate={'eq': ['a', 'b']}, size=1, state='x', type='x'
    ),
    'CreateVolume': lambda s, _m: s.create_volume(
        name='x', size=1, networks=[ID], affinity=['a==b'], tags={'a': 'b'}
    ),
    'GetVolume': lambda s, _m: s.volume(ID),
    'UpdateVolume': lambda s, _m: s.update_volume(ID, name='x'),
    'DeleteVolume': lambda s, _m: s.delete_volume(ID),
    'ListVolumeSizes': lambda s, _m: s.volume_sizes(type='x'),
    'ListDatasets': lambda s, _m: s.datasets(),
    'GetDataset': lambda s, _m: s.dataset(ID),
}
