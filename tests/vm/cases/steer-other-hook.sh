#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: another program on the same hook keeps working, whichever came first
# kernels: 6.12 7.3
# timeout: 600
. "$(dirname "$0")/../steer.sh"

other() { "$progs/attach" "$progs/otherhook.bpf.o" /sys/fs/bpf/other; }
cp "$progs/sockprobe" "$work/mptcp-app"
as_mptcp_app() { inside plain plain "$work/mptcp-app" socket inet stream 0; }

both_work()
{
	is "the pod's" 256 probe pod pod socket inet stream 0
	is "the other tool's" 262 as_mptcp_app
	is "nobody's" 6 probe plain plain socket inet stream 0
}

step "ours was first"
steerctl pod /run/netns/pod on ignore
other
both_work
step "ours is replaced, and so is last"
steerctl open
both_work
step "ours is taken away"
steerctl remove-all
is "the other tool's" 262 as_mptcp_app
step "ours comes last"
steerctl pod /run/netns/pod on ignore
both_work
step "the other one is taken away"
rm /sys/fs/bpf/other
is "the pod's" 256 probe pod pod socket inet stream 0
