#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a pod whose sockets a sock_ops program sees is not steered unless the config allows it
# kernels: 6.12 7.3
# short: 6.12
# timeout: 900
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/vm/agent.sh"

cgroups=/sys/fs/cgroup
pinned=/sys/fs/bpf/redirector

verb() # VERB POD
{
	local result=''
	[ "$1" = DEL ] || result=',"prevResult": {"cniVersion": "1.0.0"}'
	CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_IFNAME=eth0 CNI_PATH=/nowhere \
		CNI_NETNS=/run/netns/$2 \
		CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=$2" smc-cni <<-END
			{"cniVersion": "1.0.0", "name": "net", "type": "smc-cni",
			 "agentTimeoutMs": 30000,
			 "runtimeConfig": {"io.kubernetes.cri.pod-annotations":
			                   {"smc-cni.io/steer": "enabled"},
			                   "cgroupPath": "/kubepods/$2"}$result}
		END
}

pod() # NAME
{
	mkdir -p "$cgroups/kubepods/$1"
	ip netns add "$1"
	ip -n "$1" link add eth0 type dummy
	verb ADD "$1"
}

steered() { [ "$(in_cgroup "kubepods/$1" protocol "$1")" = 256 ]; }
unsteered() { [ "$(in_cgroup "kubepods/$1" protocol "$1")" = 6 ]; }
says() { [[ $(status ".pods[] | select(.name == \"$1\") | .policy.why") == *"$2"* ]]; }
attached() { bpftool cgroup attach "$cgroups/$1" sock_ops pinned $pinned multi; }
detached() { bpftool cgroup detach "$cgroups/$1" sock_ops pinned $pinned; }

modprobe -q smc || :
clean_cgroups() { rmdir $cgroups/kubepods/* $cgroups/kubepods 2> /dev/null || :; }
at_exit clean_cgroups
at_exit rm -f $pinned
at_exit agent_clean
agent_config ''
agent_start
bpftool prog load "$TOP/build/tests/vm/progs/sockops.bpf.o" $pinned type sockops
id=$(bpftool -j prog show pinned $pinned | jq .id)

step "on the pod's cgroup"
check "ADD of one" pod one
check "it is steered" steered one
check "a program comes" attached kubepods/one
check "it goes to TCP" eventually 90 unsteered one
check "status has the program's name and id" says one "('redirector', id $id)"
check "and what to do" says one "'allow.sockOps'"
check "the program goes" detached kubepods/one
check "it is steered again" eventually 90 steered one

step "on an ancestor: all pods"
check "a program comes" attached kubepods
check "ADD of two" pod two
check "two is not steered, from the first socket on" unsteered two
check "one goes to TCP" eventually 90 unsteered one
check "status says why" says two "('redirector', id $id)"

step "it is allowed"
agent_end TERM
agent_config 'allow: {sockOps: true}'
agent_start
check "one is steered" eventually 90 steered one
check "and two" eventually 90 steered two
check "the program goes" detached kubepods
