#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: an open SMC connection of two pods outlives their steering; what it needs goes with them
# kernels: 6.12 7.3
# short: 6.12
# timeout: 1200
set -euo pipefail
TOP=$(cd "$(dirname "$0")/../../.." && pwd)
. "$TOP/tests/vm/lib.sh"
. "$TOP/tests/pod/node.sh"
pingpong=$TOP/build/tests/vm/progs/pingpong

node_settle
snapshot "$VM_OUT/before"
node_up
if node_has_smcd; then transport=smcd; else transport=smcr; fi

bytes() { node_status client .$transport.tx_bytes; }
grown() { [ "$(bytes)" -gt "$1" ]; }
sends() { eventually 20 grown "$(bytes)"; }
annotate() # STEER
{
	local pod
	for pod in server client; do
		node_manifest $pod "$1" > "$NODE_DIR/pods/.$pod"
		mv "$NODE_DIR/pods/.$pod" "$NODE_DIR/pods/$pod.yaml"
	done
}

step "a connection that does not end: $transport"
node_run server enabled "$pingpong" server 7000
listens() { nsenter --net="$(pod netns server)" ss -Hltn 'sport = 7000' | grep -q 7000; }
check "the server listens" eventually 30 listens
node_run client enabled "$pingpong" client "$(pod ip server)" 7000 64 5000000
check "the client sends" sends

step "the annotation is removed"
annotate none
for pod in server client; do
	check "the $pod is no longer steered" eventually 30 node_equals $pod .policy.in_force false
done
check "the client sends" sends
check "and again" sends

step "the pods go"
node_down
snapshot "$VM_OUT/after"
snapshot_diff "$VM_OUT/before" "$VM_OUT/after"
