"""A machine's life, from its creation to its end: the README's session.

Run it on the CloudAPI that comes with the library:

    python -m smartdc --local docs/examples/quickstart.py
"""

from smartdc import DataCenter

sdc = DataCenter.from_profile()
print('connected to', sdc)

for key in sdc.keys():
    print('key', key['name'], key['fingerprint'])

print('data centers', ', '.join(sdc.datacenters()))
east = sdc.datacenter('us-east-1')
print('second data center', east)

package = east.default_package()
print('default package', package['name'], package['memory'], 'MiB')

dataset = east.dataset('sdc:sdc:smartos64:')
print('newest smartos64', dataset['urn'])

machine = east.create_machine(name='quickstart', package=package, dataset=dataset)
print('created', machine.name, machine.state)

machine.poll_while('provisioning')
print('now', machine.state, 'at', machine.public_ips[0])

print('tags', machine.add_tags(role='web', tier=1))
print('metadata', sorted(machine.update_metadata({'user-data': 'hello'})))

snapshot = machine.create_snapshot('before-upgrade')
snapshot.poll_until('created')
print('snapshot', snapshot.name, snapshot.state)

machine.stop()
machine.poll_until('stopped')
print('now', machine.state)

machine.delete()
machine.poll_until('deleted')
print('now', machine.state)
