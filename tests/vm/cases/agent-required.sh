#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: `required` holds at ADD; a dead cgroup is a pod's end; one failed look takes nobody off SMC
# kernels: 6.12 7.3
# short: 6.12
# timeout: 1200
. "$(dirname "$0")/../lib.sh"
export PATH=$TOP/build/fault/bin:$PATH
. "$TOP/tests/vm/agent.sh"
at_exit agent_clean

request() { /usr/bin/python3 -I -S "$TOP/tests/vm/smc-request" "$@"; }
in_force() { status ".pods[] | select(.name == \"$1\") | .policy.in_force"; }
modprobe -a -q smc || :
agent_config ''
ip netns add warm && ip netns del warm
agent_start
check "ADD of a pod that requires SMC" pod_add r0 required
check "it has it" steered r0

step "the hook's pin goes, and at once a pod that requires SMC comes"
rm /sys/fs/bpf/smc-cni/v*/steer_link
ip netns add r1
ip -n r1 link add eth0 type dummy
if cni ADD r1 required; then
	check "it was let in, and has SMC" steered r1
else
	check "it was kept out, and is not there" test -z "$(in_force r1)"
fi

step "the UEID goes, and at once a pod that requires SMC comes"
request ueid-del SMC-CNI
ip netns add r2
ip -n r2 link add eth0 type dummy
check "ADD puts it back" cni ADD r2 required
check "the pod has SMC" steered r2
check "the UEID is there" \
	sh -c "/usr/bin/python3 -I -S $TOP/tests/vm/smc-dump ueid | grep -q SMC-CNI"

step "four UEIDs of others are there: ours does not fit"
for id in A B C; do request ueid-add OTHER-$id; done
full() # a sweep may put ours back first
{
	request ueid-del SMC-CNI || :
	request ueid-add OTHER-D || :
	/usr/bin/python3 -I -S "$TOP/tests/vm/smc-dump" ueid | grep -q OTHER-D
}
check "four are there" eventually 60 full
ip netns add r3
ip -n r3 link add eth0 type dummy
refused() { ! cni ADD r3 required > "$DIR/answer"; }
check "ADD of a pod that requires SMC is refused" refused
check "it says why" grep -q '"code": *11' "$DIR/answer"
check "and names the UEID" grep -qi ueid "$DIR/answer"
for id in A B C D; do request ueid-del OTHER-$id; done

step "the pod's cgroup dies, its namespace is kept"
at_exit eval 'rmdir /sys/fs/cgroup/kubepods/* /sys/fs/cgroup/kubepods 2> /dev/null || :'
mkdir -p /sys/fs/cgroup/kubepods/dead
ip netns add dead
ip -n dead link add eth0 type dummy
CNI_COMMAND=ADD CNI_CONTAINERID=dead CNI_IFNAME=eth0 CNI_PATH=/nowhere CNI_NETNS=/run/netns/dead \
	CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=dead" \
		smc-cni > /dev/null <<-END
		{"cniVersion": "1.0.0", "name": "net", "type": "smc-cni", "agentTimeoutMs": 30000,
		 "runtimeConfig": {"io.kubernetes.cri.pod-annotations":
		                   {"smc-cni.io/steer": "enabled"},
		                   "cgroupPath": "/kubepods/dead"},
		 "prevResult": {"cniVersion": "1.0.0",
		                "interfaces": [{"name": "eth0", "sandbox": "/run/netns/dead"}],
		                "ips": [{"address": "10.9.0.99/24", "interface": 0}]}}
	END
dead_steered() { [ "$(in_force dead)" = true ]; }
check "the pod is steered" eventually 20 dead_steered
rmdir /sys/fs/cgroup/kubepods/dead
ended() { [ -z "$(in_force dead)" ]; }
check "the attachment ends" eventually 60 ended

step "each look of the sweep fails once"
check "ADD of p1" pod_add p1 enabled
agent_end TERM
: > "$AGENT_LOG"
SMC_CNI_FAULT=adopt:0:list agent_start
looks() { awk '/^fault adopt:[0-9]+ netlink/ { split($2, a, ":"); print a[2] }' "$AGENT_LOG"; }
several() { [ "$(looks | wc -l)" -ge 8 ]; }
check "its looks are known" eventually 60 several
points=$(looks | sed -n '3,12p')
agent_end TERM
for point in $points; do
	: > "$AGENT_LOG"
	SMC_CNI_FAULT=adopt:$point:error agent_start
	fired() { grep -q "^fault adopt:$point " "$AGENT_LOG"; }
	check "look $point fails" eventually 40 fired
	sleep 1
	check "p1 is steered all the same" steered p1
	refute "nobody says that the node lacks something" grep -q 'the node lacks it' "$AGENT_LOG"
	agent_end TERM
done
agent_start
