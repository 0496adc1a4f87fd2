#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: the host's side of SMC-R leaves alone what was there before, and says which name is taken
# kernels: 6.12
# exclusive: yes
# timeout: 900
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/vm/hostnet.sh"

before=$VM_OUT/before after=$VM_OUT/after
uplink
ip route add 10.244.0.0/16 dev up0
config "- id: NET0" "  rdma: [{device: rxe0, port: 1}]" "  podCIDRs: [10.244.0.0/16]"

# The kernel's rules outlive the first VRF, which is not ours here.
no_vrf()
{
	ip link del blue
	ip -4 rule del pref 1000
	ip -6 rule del pref 1000
	ip -4 mrule del pref 1000
	ip -6 mrule del pref 1000
}

step "what was there before us stays"
smc_request pnet-ib NET0 rxe0 1
tc qdisc add dev lo clsact
tc filter add dev lo ingress pref 9 protocol ip u32 match ip dst 127.0.0.9/32 flowid 1:1
ip link add blue type vrf table 47910
at_exit no_vrf
ip addr add 10.244.9.9/16 dev up0 noprefixroute
snapshot "$before"
check "apply" hostnet apply $addr_a
check "only the VRF, the dummy and the redirects are ours" test \
	"$(jq -c '[.table, .dummy, .clsact, .covers, .pnets, (.redirects | length)]' "$state")" = \
	'[47911,true,false,[],[],2]'
check "all is there" hostnet check $addr_a
hostnet pod-undo $addr_a
check "undo" hostnet shared-undo
snapshot "$after"
check "the others' things are as they were" snapshot_diff "$before" "$after"
tc qdisc del dev lo clsact
tc qdisc add dev lo ingress
snapshot "$before"
check "an ingress qdisc on lo will do" hostnet apply $addr_a
hostnet pod-undo $addr_a
check "undo" hostnet shared-undo
snapshot "$after"
check "and stays" snapshot_diff "$before" "$after"
tc qdisc del dev lo ingress
check "apply" hostnet apply $addr_a
tc filter add dev lo ingress pref 9 protocol ip u32 match ip dst 127.0.0.9/32 flowid 1:1
hostnet pod-undo $addr_a
check "undo" hostnet shared-undo
check "a filter that somebody put on our clsact keeps it" \
	grep -q 'pref 9 ' <(tc filter show dev lo ingress)
tc qdisc del dev lo clsact

step "names that are taken"
ip link add smc-pods type dummy
check "a dummy that is not ours" \
	says "EEXIST: interface 'smc-pods' is not ours: kind 'dummy' and alias ''*" apply $addr_a
check "nor does undo touch it" hostnet shared-undo
ip link set smc-pods alias theirs
ip addr add 10.244.0.2/32 dev smc-pods
check "nor the undo of a pod" hostnet pod-undo $addr_a
check "it is there with its address" grep -q 10.244.0.2 <(ip addr show smc-pods)
ip link del smc-pods
ip link add smc-vrf type bridge
check "a bridge of the VRF's name" \
	says "EEXIST: interface 'smc-vrf' is not ours: kind 'bridge'*" apply $addr_a
hostnet shared-undo
ip link del smc-vrf
smc_request pnet-del NET0
smc_request pnet-ib OTHER rxe0 1
check "an RDMA device with another id" says "EEXIST: *rxe0*OTHER*" apply $addr_a
smc_request pnet-del OTHER
ip addr del 10.244.9.9/16 dev up0
config "- id: NET0" "  rdma: [{device: rxe0, port: 1}]"
check "a pod address without a subnet" \
	says "EINVAL: pnet 'NET0': pod address '10.244.0.2/32' names no subnet*" apply 10.244.0.2/32
config "- id: NET0" "  rdma: [{device: rxe0, port: 1}]" "  interfaces: [nope0]"
check "an interface that is not there" \
	says "ENODEV: pnet 'NET0': look up interface 'nope0': No such device" apply $addr_a
check "undo" hostnet shared-undo
