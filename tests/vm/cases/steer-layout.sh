#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: the upgrade from layout 1: no socket is missed on the way, and none is steered unasked
# kernels: 6.12 7.3
# timeout: 600
. "$(dirname "$0")/../steer.sh"

snapshot "$VM_OUT/before"
cookie() # NETNS: its bytes, as bpftool wants them
{
	nsenter --net="/run/netns/$1" python3 -ISc 'import socket
print(" ".join(map(str, socket.socket().getsockopt(1, 71, 8))))'
}
hooks() { [ "$(bpftool prog show name smc_steer | grep -c smc_steer)" = "$1" ]; }
created() { bpftool cgroup show $cgroups/pod | grep -o 'smc_create_v.'; }

step "a node that version 0.1.0 steers"
agent_kill
mkdir -p $pins/v1
"$progs/attach" "$progs/steerv1.bpf.o" $pins/v1/steer_link $pins/v1
# shellcheck disable=SC2046 # one word a byte
bpftool map update pinned $pins/v1/pods key $(cookie pod) value 1 0 0 0 0 0 0 0
bpftool prog load "$progs/createv1.bpf.o" /sys/fs/bpf/smc-create
bpftool cgroup attach $cgroups/pod sock_create pinned /sys/fs/bpf/smc-create multi
rm /sys/fs/bpf/smc-create
is "the pod" 256 probe pod pod socket inet stream 0
is "who enters it, too" 256 probe pod plain socket inet stream 0

step "the upgrade, under load"
agent_start
inside pod pod "$progs/sockprobe" loop "$work/stop" > "$work/pod" &
pod=$!
inside plain plain "$progs/sockprobe" loop "$work/stop" > "$work/plain" &
plain=$!
agent open
check "both hooks are there" hooks 2
agent gate /run/netns/pod ignore $cgroups/pod
agent cgroup apply $cgroups/pod /run/netns/pod
agent drop-older
check "only the new hook is left" eventually 20 hooks 1
touch "$work/stop"
wait $pod $plain
cat "$work/pod" "$work/plain"
check "every socket of the pod was steered" \
	grep -q 'smc=[1-9][0-9]* tcp=0 failed=0' "$work/pod"
check "and none of another one" grep -q 'smc=0 tcp=[1-9][0-9]* failed=0' "$work/plain"
is "the old folder is gone" "$(basename "$(pins_folder)")" eval "ls $pins"
is "so is the program on the cgroup" smc_create_v2 created
is "who enters the pod is on TCP" 6 probe pod plain socket inet stream 0

step "all is taken away"
agent_kill
steerctl cgroup-remove-all $cgroups , remove-all
as_before()
{
	rm -f "$work/pod" "$work/plain" "$work/stop"
	snapshot "$VM_OUT/after"
	snapshot_diff "$VM_OUT/before" "$VM_OUT/after"
}
check "the node is as it was" eventually 20 as_before
