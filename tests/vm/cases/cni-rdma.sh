#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: RDMA devices move to a pod and back where the kernel can; else smc-cni says why not
# kernels: 6.12 7.3
# timeout: 240
# exclusive: yes
. "$(dirname "$0")/../lib.sh"

move=$TOP/build/tests/vm/progs/rdmamove
export CNI_CONTAINERID=c1 CNI_IFNAME=net1 CNI_NETNS=/run/netns/pod CNI_PATH=/usr/lib/cni
dir=$(mktemp -d)
at_exit rm -r "$dir"
at_exit rm -rf /run/smc-cni # the plugin's locks live as long as the machine is up

# refused TEXT: ADD of base0 with its RDMA device fails with it, and all is as it was.
refused()
{
	! CNI_COMMAND=ADD smc-cni > "$dir/answer" << END || return 1
		{"cniVersion": "1.1.0", "name": "net", "type": "smc-cni",
		 "agentSocket": "$dir/agent.sock",
		 "interface": {"kind": "host-device", "device": "base0", "rdma": true}}
END
	cat "$dir/answer"
	ip link show base0 > "$dir/link"
	grep -q "$1" "$dir/answer" && ! grep -q altname "$dir/link"
}

says_so()
{
	"$move" rxe0 /proc/self/ns/net /run/netns/pod > "$dir/why" || :
	grep "move RDMA device 'rxe0' to another network namespace: Operation not supported" \
		"$dir/why"
}

pod_has() { ip netns exec pod rdma dev show rxe0; }
host_has() { rdma dev show rxe0; }

modprobe -a rdma_rxe dummy
rdma system set netns exclusive
at_exit rdma system set netns shared
ip link add base0 up type dummy
at_exit ip link del base0
ip netns add pod
at_exit ip netns del pod
check "no RDMA device, no ADD" refused "interface 'base0' has no RDMA device"
rdma link add rxe0 type rxe netdev base0
check "a device of software is refused" refused "it is made of software"
check "it is still there" host_has

step "the netlink path"
if [ "$VM_KERNEL" = 6.12 ]; then
	refute "rxe of 6.12 moves" "$move" rxe0 /proc/self/ns/net /run/netns/pod
	check "it says so" says_so
else
	check "rxe moves" "$move" rxe0 /proc/self/ns/net /run/netns/pod
	check "the pod has it" pod_has
	refute "the host has it" host_has
	ip netns exec pod rdma dev set rxe0 name mine
	check "it moves back, under its old name" "$move" mine /run/netns/pod /proc/self/ns/net rxe0
	check "the host has it" host_has
	refute "the pod has it" pod_has
	check "it moves again" "$move" rxe0 /proc/self/ns/net /run/netns/pod
	ip netns del pod
	check "when the pod dies, it is back" eventually 30 host_has
	ip netns add pod
fi
refute "a device that is not there" "$move" rxe7 /proc/self/ns/net /run/netns/pod
rdma link del rxe0
ip netns del pod
rdma system set netns shared
ip netns add pod
rdma link add rxe0 type rxe netdev base0
check "in mode shared it is refused" refused "the RDMA netns mode is shared"
check "it is still there" host_has
rdma link del rxe0
