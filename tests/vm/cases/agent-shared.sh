#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: what attachments share goes when none is going to need it, and not before
# kernels: 6.12
# timeout: 600
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/vm/agent.sh"

modprobe -a -q smc smc_diag rdma_rxe veth bridge dummy vrf || :
ip link add br0 type bridge
at_exit ip link del br0
at_exit agent_clean
ip addr add 10.9.0.254/24 dev br0
ip link set br0 up
rdma link add rxe0 type rxe netdev br0
agent_config 'pnets:
- {id: NET0, rdma: [{device: rxe0, port: 1}], interfaces: [br0], podCIDRs: [10.9.0.0/16]}'
ip netns add warm && ip netns del warm
agent_start

manifest() # STEER POD
{
	cat > "$DIR/pods/.$2" <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: $2, namespace: default, annotations: {smc-cni.io/steer: $1}}
	END
	mv "$DIR/pods/.$2" "$DIR/pods/$2.yaml"
}

verb() # ADD|DEL POD IFNAME [ADDRESS]
{
	local result=''
	[ "$1" = DEL ] || result=",\"prevResult\": {\"cniVersion\": \"1.0.0\",
		\"interfaces\": [{\"name\": \"$3\", \"sandbox\": \"/run/netns/$2\"}],
		\"ips\": [{\"address\": \"$4/24\", \"interface\": 0}]}"
	CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_IFNAME=$3 CNI_PATH=/nowhere CNI_NETNS=/run/netns/$2 \
		CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=$2" smc-cni <<-END
			{"cniVersion": "1.0.0", "name": "net", "type": "smc-cni",
			 "agentTimeoutMs": 30000,
			 "runtimeConfig": {"io.kubernetes.cri.pod-annotations":
			                   {"smc-cni.io/steer": "enabled"},
			                   "cgroupPath": "/kubepods/$2"}$result}
		END
}
entered() { protocol "$1"; } # POD: what somebody gets who comes from outside
steered() { [ "$(in_cgroup "kubepods/$1" protocol "$1")" = 256 ]; }
unsteered() { [ "$(in_cgroup "kubepods/$1" protocol "$1")" = 6 ]; }
programs() { bpftool cgroup show "/sys/fs/cgroup/kubepods/$1" | grep -c smc_ || :; }
no_programs() { [ "$(programs "$1")" -eq 0 ]; }
is_there() { [ -n "$(ip -o link show "$1" 2> /dev/null)" ]; }
is_gone() { ! is_there "$1"; }
has_addr() { ip -o -4 addr show dev smc-pods | grep -q "inet $1/32"; }

at_exit eval 'rmdir /sys/fs/cgroup/kubepods/* /sys/fs/cgroup/kubepods 2> /dev/null || :'
mkdir -p /sys/fs/cgroup/kubepods/one /sys/fs/cgroup/kubepods/two
for pod in one two; do
	ip netns add $pod
	ip -n $pod link add eth0 type dummy
	ip -n $pod link add net1 type dummy
done

step "a pod with one attachment, and one with two"
check "ADD of one" verb ADD one eth0 10.9.0.11
check "ADD of two" verb ADD two eth0 10.9.0.12
check "ADD of two's second network" verb ADD two net1 10.9.0.13
check "one is steered" steered one
check "two is steered" steered two
check "two has programs on its cgroup" test "$(programs two)" -gt 0
check "who enters it from outside is on TCP" test "$(entered two)" = 6
gates() { status '[.pods[] | .gate.by] | unique | join(" ")'; }
check "the status says so" test "$(gates)" = cgroup

step "TCP_ULP in a network namespace that a pod made itself"
nested() # POD: what anybody in the pod gets there
{
	in_cgroup "kubepods/$1" ip netns exec "$1" sockprobe nest , ulp 6 3
}
check "it is denied" test "$(nested two)" = "nested EPERM"
agent_end KILL
check "while the agent is away, too" test "$(nested two)" = "nested EPERM"
agent_start
check "and with the next one" test "$(nested two)" = "nested EPERM"
check "the second gate is still there" test "$(entered two)/$(gates)" = 6/cgroup

step "both are turned off while they run"
manifest disabled one
manifest disabled two
check "one is on TCP" eventually 40 unsteered one
check "so is two, with its two attachments" eventually 40 unsteered two
check "two's programs are gone" eventually 40 no_programs two

step "and on again; then one of the attachments goes"
manifest enabled one
manifest enabled two
check "two is steered again" eventually 40 steered two
verb DEL two net1 > /dev/null
check "it stays so for the attachment that is left" steered two
manifest disabled two
check "that one alone is turned off, too" eventually 40 unsteered two
manifest enabled two
check "and on" eventually 40 steered two
check "ADD of the second network" verb ADD two net1 10.9.0.13

step "a late DEL of a pod whose address another one has by now"
mkdir -p /sys/fs/cgroup/kubepods/old /sys/fs/cgroup/kubepods/new
ip netns add old
ip -n old link add eth0 type dummy
ip netns add new
ip -n new link add eth0 type dummy
verb ADD old eth0 10.9.0.77 > /dev/null
verb ADD new eth0 10.9.0.77 > /dev/null
check "the host has the address" has_addr 10.9.0.77
verb DEL old eth0
check "it keeps it for the new pod" has_addr 10.9.0.77
verb DEL new eth0
refute "and drops it with the last one" has_addr 10.9.0.77
ip netns del old
ip netns del new

step "the RDMA device goes while several pods live"
check "the host's side is there" is_there smc-vrf
rdma link del rxe0
check "the VRF goes" eventually 60 is_gone smc-vrf
check "so does the dummy" eventually 10 is_gone smc-pods
no_rules() { [ -z "$(tc qdisc show dev lo | grep clsact || :)" ]; }
check "and the redirect on lo" eventually 10 no_rules
check "the pods stay steered" steered one
