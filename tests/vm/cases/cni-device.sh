#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a real device of the host is lent to a pod and comes back, from a dead namespace, too
# kernels: 6.12 7.3
# timeout: 900
# exclusive: yes
# card: yes
. "$(dirname "$0")/../lib.sh"

export CNI_CONTAINERID=c1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/pod CNI_PATH=/usr/lib/cni
pci=$(basename "$(readlink -f /sys/class/net/eth0/device/..)")
mac=$(cat /sys/class/net/eth0/address)
dir=$(mktemp -d)
at_exit rm -r "$dir"
at_exit rm -rf /run/smc-cni # the plugin's locks and notes live as long as the machine is up

# cni VERB INTERFACE [MORE]: the plugin's answer.
cni()
{
	CNI_COMMAND=$1 smc-cni << END
		{"cniVersion": "1.1.0", "name": "net", "type": "smc-cni",
		 "agentSocket": "$dir/agent.sock",
		 "interface": {"kind": "host-device"$2}${3-}}
END
}

is_home()
{
	ip -d link show eth0 | tr '\n' ' ' > "$dir/eth0"
	grep -q "mtu 1500.*UP.*$mac.*promiscuity 0 " "$dir/eth0" &&
		! grep -q -e altname -e alias "$dir/eth0"
}

comes_back_renamed()
{
	cni DEL '' 2> "$dir/err"
	grep "its name is taken" "$dir/err"
}

# What a pod can write on it, before its namespace dies.
write_on_it()
{
	ip -n pod link property add dev net1 altname br0
	ip -n pod link property add dev net1 altname smc-cni.0123456789abcdef.0123456789abcdef
	ip -n pod link set net1 alias mine address 02:00:00:00:be:ef promisc on
	ip -n pod link set net1 name eth9
}

ip netns add pod
at_exit eval 'ip netns del pod 2> /dev/null || :'

for how in '"device":"eth0"' "\"pciBusID\":\"$pci\""; do
	step "lent by $how"
	result=$(cni ADD ",$how,\"mtu\":1400,\"mac\":\"02:00:00:00:00:07\"")
	check "the result has the PCI address" \
		test "$(jq -r '.interfaces[0].pciID' <<< "$result")" = "$pci"
	check "the pod has it" eval \
		"ip -n pod link show net1 | tr '\n' ' ' | grep -q 'mtu 1400.*02:00:00:00:00:07'"
	refute "the host has it no more" ip link show eth0
	check "CHECK" cni CHECK ",$how" ",\"prevResult\":$result"
	check "DEL" cni DEL ",$how"
	check "it is back as it was" is_home
	check "DEL again" cni DEL ",$how"
done

step "the device plugin's choice beats the configuration's"
check "ADD" cni ADD ',"device":"nonesuch"' ",\"runtimeConfig\":{\"deviceID\":\"$pci\"}"
step "the pod's namespace dies first"
ip link add eth0 type dummy
ip link add net1 type dummy
ip netns del pod
check "DEL, though its name is taken" comes_back_renamed
ip link del eth0
ip link del net1
home=$(ip -o link | sed -n "s/^[0-9]*: \([^:@]*\).*$mac.*/\1/p")
ip link set "$home" down
ip link set "$home" name eth0
ip link set eth0 up
check "nothing marks it" is_home

ip netns add pod
check "ADD" cni ADD ',"device":"eth0"'
write_on_it
ip netns del pod
check "DEL waits until it is home" cni DEL ',"device":"eth0"'
check "it is back as it was" is_home

step "the namespace dies and no DEL comes: GC"
ip netns add pod
check "ADD" cni ADD ',"device":"eth0"'
ip netns del pod
eventually 30 ip link show net1
check "GC of a valid attachment leaves it" cni GC '' \
	',"cni.dev/valid-attachments":[{"containerID":"c1","ifname":"net1"}]'
refute "it still has the pod's name" is_home
check "GC" cni GC '' ',"cni.dev/valid-attachments":[]'
check "it is back as it was" is_home

step "a device in use is refused"
ip link add br0 type bridge
ip link set eth0 master br0
ip netns add pod
check "ADD of a bridge's port says why not" eval \
	'{ cni ADD ",\"device\":\"eth0\"" && echo worked || :; } | grep "it is a port of .br0."'
ip link del br0
check "it is as it was" is_home
check "nothing counts as lent any more" rmdir /run/smc-cni/plugin/lent
