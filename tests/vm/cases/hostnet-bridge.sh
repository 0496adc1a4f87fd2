#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: SMC-R between pods on a bridge needs each piece of the host's side; undo leaves none
# kernels: 6.12
# exclusive: yes
# timeout: 900
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/vm/hostnet.sh"

before=$VM_OUT/before after=$VM_OUT/after

step "two pods on a bridge that is their gateway, soft-RoCE on the bridge"
ip link add br0 type bridge
ip addr add 10.244.0.1/24 dev br0
ip link set br0 up
at_exit ip link del br0
for pod in a:$addr_a b:$addr_b; do
	name=${pod%%:*}
	ip netns add "$name"
	at_exit ip netns del "$name"
	ip link add "v$name" type veth peer name eth0 netns "$name"
	ip link set "v$name" master br0 up
	ip -n "$name" link set lo up
	ip -n "$name" link set eth0 up
	ip -n "$name" addr add "${pod#*:}" dev eth0
	in_pod "$name" "$TOP/tests/vm/smc-request" pnet-eth NET0 eth0
done
rdma link add rxe0 type rxe netdev br0
at_exit rdma link del rxe0
smc_request ueid-add SMC-CNI
at_exit smc_request ueid-del SMC-CNI
config "- id: NET0" "  rdma: [{device: rxe0, port: 1}]" "  interfaces: [br0]"
snapshot "$before"

step "nothing is there"
check "an RDMA device of the config is there" hostnet wanted
check "check names what is missing first" \
	says "ENOENT: pnet id 'NET0' of RDMA device 'rxe0' port 1 is missing" check $addr_a
check "the connection stays TCP" became "tcp client=0x03030000 server=0x05000000"
snapshot "$after"
check "check changes nothing" snapshot_diff "$before" "$after"

step "each piece taken away in turn is named, is needed, and comes back"
apply_both() { hostnet apply $addr_a && hostnet apply $addr_b; }
ready() { hostnet apply $addr_a && hostnet apply $addr_b && hostnet check $addr_b; }
both_are_fine() { hostnet check $addr_a && hostnet check $addr_b; }

# without DESCRIPTION MESSAGE WHAT_BECAME COMMAND...: nothing has been SMC-R yet, so no link group
# hides the hole.
without()
{
	local what=$1 message=$2 outcome=$3
	shift 3
	check "all is there" ready
	"$@"
	check "check says: no $what" says "$message" check $addr_b
	[ -z "$outcome" ] || check "it is TCP: no $what" became "$outcome"
}
without "pnet entry" "ENOENT: pnet id 'NET0' of RDMA device 'rxe0' port 1 is missing" \
	"tcp client=0x03030000 server=0x05000000" smc_request pnet-del NET0
without "server's address" "ENOENT: address '10.244.0.3/32' on 'smc-pods' is missing" \
	"tcp client=0x05000000 server=0x03030002" ip addr del 10.244.0.3/32 dev smc-pods
without "dummy" "ENOENT: dummy 'smc-pods' is missing" \
	"tcp client=0x05000000 server=0x03030002" ip link del smc-pods
without "VRF" "ENOENT: VRF 'smc-vrf' is missing" "" ip link del smc-vrf
without "place in the VRF" "ENOENT: dummy 'smc-pods' is not in VRF 'smc-vrf'" "" \
	ip link set smc-pods nomaster
without "gateway address" \
	"ENOENT: pnet 'NET0': no address of 'br0' covers pod address '10.244.0.3'" \
	"tcp client=0x03030000 server=0x05000000" ip addr del 10.244.0.1/24 dev br0
ip addr add 10.244.0.1/24 dev br0
without "redirect" \
	"ENOENT: pnet 'NET0': redirect of UDP '10.244.0.1:4791' from 'lo' to 'br0' is missing" \
	"tcp client=* server=0x02010000" tc filter del dev lo ingress
without "clsact" "ENOENT: pnet 'NET0': qdisc 'clsact' on 'lo' is missing" "" \
	tc qdisc del dev lo clsact

step "all is there"
check "apply repairs" apply_both
check "check is content" both_are_fine
check "SMC-R, and both pods' statistics show exactly the bytes that were sent" became smcr
ping_b() { busybox ping -c 1 -W 2 10.244.0.3; }
check "the host reaches the pod, not itself" ping_b
check "the host's route to the pod is the bridge" grep -q 'dev br0' <(ip route get 10.244.0.3)
ip link set smc-pods up
check "also with the dummy up" ping_b
check "and SMC-R goes on" became smcr
ip link set smc-pods down
snapshot "$VM_OUT/applied"
check "apply again" apply_both
snapshot "$after"
check "apply twice is as once" snapshot_diff "$VM_OUT/applied" "$after"

step "undo"
check "pod a's part" hostnet pod-undo $addr_a
check "pod b's is untouched" hostnet check $addr_b
refute "pod a's is gone" hostnet check $addr_a
check "pod a's part again" hostnet pod-undo $addr_a
check "pod b's part" hostnet pod-undo $addr_b
check "the shared part" hostnet shared-undo
snapshot "$after"
check "nothing is left" snapshot_diff "$before" "$after"
check "the shared part again" hostnet shared-undo
