#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: SMC-R over an uplink that is made anew; an agent that dies between record and change
# kernels: 6.12
# exclusive: yes
# timeout: 900
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/vm/hostnet.sh"

before=$VM_OUT/before after=$VM_OUT/after

step "pods behind routes, soft-RoCE on the uplink"
echo 1 > /proc/sys/net/ipv4/ip_forward
at_exit sh -c 'echo 0 > /proc/sys/net/ipv4/ip_forward'
uplink
pod a $addr_a
pod b $addr_b
smc_request ueid-add SMC-CNI
at_exit smc_request ueid-del SMC-CNI
config "- id: NET0" "  rdma: [{device: rxe0, port: 1}]" "  podCIDRs: [10.244.0.0/16]"
snapshot "$before"

step "wherever the agent dies, the next one finishes or takes back"
dies() { HOSTNETCTL_DIE=$1 hostnet apply $addr_a; [ $? -eq 9 ]; }
for n in 1 2 3 4 5 6; do
	check "the agent dies after record $n" dies $n
	check "its notes are enough to undo" hostnet shared-undo
done
refute "there are six records" dies 7
hostnet pod-undo $addr_a
check "undo" hostnet shared-undo
snapshot "$after"
check "nothing is left of any" snapshot_diff "$before" "$after"
for n in 6 5 4 3 2 1; do
	hostnet pod-undo $addr_a
	hostnet shared-undo
	check "the agent dies after record $n" dies $n
	# or a moment later: made, but not yet ours to see
	[ $n -ne 6 ] || ip link add smc-pods type dummy
	[ $n -ne 5 ] || ip link add smc-vrf type vrf table 47910
	check "the next one goes on from there" hostnet apply $addr_a
	check "all is there" hostnet check $addr_a
done
check "its devices have their alias" test "$(ip link show | grep -c 'alias smc-cni')" = 2

step "three pods"
check "pod b" hostnet apply $addr_b
check "a pod with two addresses" hostnet apply 10.244.1.7/24 10.244.1.8/24
check "it shares the covering address" test "$(ip -o -4 addr show dev up0 | wc -l)" = 2
check "which is for the config's prefix" \
	grep -q 'inet 169.254.47.91 peer 10.244.0.0/16 .*noprefixroute' <(ip addr show dev up0)
check "and not in the way of routing" test -z "$(ip route show | grep 169.254 || :)"
check "the connection is SMC-R" became smcr
says_no_route()
{
	says "ENOENT: the host has no route to pod address '10.244.1.7'" check 10.244.1.7/24
}
check "a pod that the host cannot reach is named" says_no_route
hostnet pod-undo 10.244.1.7/24 10.244.1.8/24

step "the uplink is made anew: its redirect and address are stale"
rdma link del rxe0
ip link del up0
uplink
ip route add 10.244.0.2 dev va src 192.168.50.1
ip route add 10.244.0.3 dev vb src 192.168.50.1
check "check names the address" \
	says "ENOENT: pnet 'NET0': no address of 'up0' covers*" check $addr_a
check "apply repairs" hostnet apply $addr_a
check "all is there" hostnet check $addr_b
hostnet pod-undo $addr_a
hostnet pod-undo $addr_b
check "undo" hostnet shared-undo
ours()
{
	ip -o addr show | grep 169.254
	ip -o link show type vrf
	ip rule | grep l3mdev
	tc qdisc show dev lo clsact
}
check "nothing of ours is left" test -z "$(ours)"
