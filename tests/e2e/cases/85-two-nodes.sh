# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: a second node joins (systemd's cgroup driver): its agent comes, pods talk SMC-R across
# kernels: 6.12
# nodes: 2
on='{"smc-cni.io/steer": "enabled"}'
rolled()
{
	[ "$(kubectl -n smc-cni get ds smc-node-agent -o 'jsonpath={.status.numberReady}')" = 2 ]
}
slice_of() # POD: its cgroup on n2
{
	on_node 2 'find /sys/fs/cgroup/kubepods.slice -name "*pod${1//-/_}.slice"' \
		"$(kubectl get pod "$1" -o 'jsonpath={.metadata.uid}')"
}

check "the DaemonSet is on both" eventually 240 rolled
check "both watches of n2's agent have synced" eventually 60 \
	on_node 2 'smcctl status --json | jq -e .node.source.synced'
check "it has n2's pods only" on_node 2 'smcctl status --json | jq -e ".node.name == \"n2\""'
check "the node's address is its own" node_address_is 2 10.0.2.12

step "from n2 to n1"
check "a server on n1" talk_pod far "$on" '["serve", "5000"]' n1
check "listens" eventually 120 pod_logged far 'listening protocol=256'
check "a client on n2" caller_pod near "$on" "$(pod_ip far):5000" 3 10000 10 stay n2
check "is done" eventually 120 pod_logged near 'done failed=0' 2
check "its sockets are SMC" test "$(pod_log near 2 | grep -c 'called protocol=256')" = 3
check "three connections over SMC-R, the server says" pod_status_is far .smcr.server 3
check "and the client" pod_status_is near .smcr.client 3 2
check "their bytes, there and back" pod_status_is far \
	'[.smcr.rx_bytes, .smcr.tx_bytes] | tostring' \
	'[30000,30000]'

step "the other way, and a pod cgroup that systemd made"
check "a server on n2" talk_pod deep "$on" '["serve", "5000"]' n2
check "listens" eventually 120 pod_logged deep 'listening protocol=256' 2
check "a client on n1" caller_pod high "$on" "$(pod_ip deep):5000" 2 10000 10
check "ends well" eventually 120 pod_is high Succeeded
check "over SMC-R" pod_status_is deep .smcr.server 2 2
check "with all our addresses kubelet finds the node's" node_address_is 1 10.0.2.11
check "on the other node, too" node_address_is 2 10.0.2.12
check "our programs are on the pod's slice" on_node 2 \
	'bpftool cgroup show "$1" | grep -c smc_ | grep -x "[1-9]"' "$(slice_of deep)"
remove_pods far near deep high
