#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: what escapes the hook is counted; what TCP_ULP "smc" gets
# kernels: 6.12 7.3
# timeout: 600
. "$(dirname "$0")/../steer.sh"

snapshot "$VM_OUT/before"
pod=("$cgroups/pod" /run/netns/pod)
counts() { agent counters /run/netns/pod; }

# ulp NETNS CGROUP LENGTH: TCP_ULP "smc" on sockets of protocol 6, 256 and 262
ulp() { probe "$1" "$2" ulp 6 "$3" , ulp 256 "$3" , ulp 262 "$3"; }

# nested CGROUP: what anybody in the pod may do
nested() { probe pod "$1" nest , ulp 6 3 , ulp 256 3 , ulp 262 3; }

step "TCP_ULP without our programs"
case $VM_KERNEL in
6.12) kernels="ok(smc) EOPNOTSUPP ENOPROTOOPT" ;; # the unsafe ULP
*) kernels="ENOENT EOPNOTSUPP ENOPROTOOPT" ;;
esac
agent pod /run/netns/pod off deny
is "TCP, SMC, MPTCP" "$kernels" ulp pod pod 3
agent cgroup apply "${pod[@]}" , cgroup apply "${pod[@]}" , cgroup check "${pod[@]}"
for length in 3 4 16 5000; do
	step "TCP_ULP, $length bytes"
	agent pod /run/netns/pod off deny
	is "deny" "EPERM EPERM EPERM" ulp pod pod $length
	is "deny, in a nested cgroup" "EPERM EPERM EPERM" ulp pod pod/leaf $length
	agent pod /run/netns/pod off emulate
	is "emulate" "ENOENT ok ENOPROTOOPT" ulp pod pod $length
	agent pod /run/netns/pod off ignore
	is "ignore" "$kernels" ulp pod pod $length
done
is "counted" "steered=0 unsteered=0 target_missing=0 ulp_ignored=12 ulp_denied=28 ulp_emulated=4" \
	counts
agent pod /run/netns/pod off deny
is "not in the pod's cgroup" "$kernels" ulp pod plain 3
is "the pod's task in another namespace" "EPERM EPERM EPERM" ulp plain pod 3
is "in a namespace of its own" "nested EPERM EPERM EPERM" nested pod/leaf
agent pod /run/netns/pod off emulate
is "emulate there" "nested ENOENT ok ENOPROTOOPT" nested pod
is "denied are the pod's" 35 counter pod ulp_denied
is "so are emulated" 5 counter pod ulp_emulated
agent pod /run/netns/pod on emulate
is "emulate on a socket that was steered" ok probe pod pod ulp 0 4

step "all other options pass"
agent undo /run/netns/pod , pod /run/netns/pod off deny
is "no name, and part of it" "EINVAL ENOENT" probe pod pod ulp 6 0 , ulp 6 2
is "TCP_CONGESTION, up to more than a page" \
	"ok(reno) ok(reno) ok(reno) ok(reno) ok(reno) ok(reno)" probe pod pod \
	cong 4 , cong 16 , cong 4096 , cong 4097 , cong 8192 , cong 65536
is "nothing was counted" \
	"steered=0 unsteered=0 target_missing=0 ulp_ignored=0 ulp_denied=0 ulp_emulated=0" counts

step "sockets that the hook does not see"
agent pod /run/netns/pod on ignore
is "io_uring: TCP and MPTCP" "6 6 6 262" \
	probe pod pod uring inet 0 , uring inet 6 , uring inet6 0 , uring inet 262
is "io_uring in a nested cgroup" 6 probe pod pod/leaf uring inet 0
is "io_uring: SMC by name; socket(2): TCP, UDP" "256 256 17" \
	probe pod pod uring inet 256 , socket inet stream 0 , socket inet dgram 0
is "io_uring in another pod" 6 probe plain plain uring inet 0
is "io_uring outside the cgroup" 6 probe pod plain uring inet 0
is "counted" "steered=1 unsteered=5 target_missing=0 ulp_ignored=0 ulp_denied=0 ulp_emulated=0" \
	counts
agent pod /run/netns/pod off ignore
is "switched off" 6 probe pod pod uring inet 0
is "not counted" 5 counter pod unsteered

step "replaced, checked, removed"
attached() { bpftool cgroup show $cgroups/pod | grep -c smc_; }
is "two programs" 2 attached
fails "the next agent's are not there yet" '*not attached' steerctl cgroup check "${pod[@]}"
steerctl cgroup apply "${pod[@]}" , cgroup check "${pod[@]}"
is "still two" 2 attached
agent cgroup undo "${pod[@]}" , cgroup undo "${pod[@]}"
is "none" 0 attached
fails "not a cgroup" '*list sock_create programs of cgroup: Bad file descriptor' \
	agent cgroup apply /run /run/netns/pod
agent cgroup apply $cgroups /run/netns/pod , cgroup apply $cgroups/pod/leaf /run/netns/pod
agent_kill
steerctl cgroup-remove-all $cgroups , remove-all
as_before()
{
	snapshot "$VM_OUT/after"
	snapshot_diff "$VM_OUT/before" "$VM_OUT/after"
}
check "the node is as it was" eventually 20 as_before
