#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: the agent is killed with -9 while pods come and go; steering goes on, all ends as asked
# kernels: 6.12 7.3
# short: 6.12
# timeout: 1200
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/vm/agent.sh"
at_exit agent_clean

# Sockets are made while the hook is attached anew: see "QEMU 7.2" in docs/kernel-notes.md.
taskset -cp 0 $$ > "$VM_OUT/affinity"

agent_config ''
agent_start
check "ADD of a pod that stays" pod_add keep enabled
(
	trap - EXIT
	protocol keep 200 0.1 > "$VM_OUT/keep"
) &
watcher=$!

step "the agent dies three times while pods come and go"
(
	trap - EXIT
	for i in 1 2 3 4; do
		AGENT_TIMEOUT=2000 pod_add "churn$i" enabled
		[ "$i" -gt 2 ] || AGENT_TIMEOUT=2000 pod_del "churn$i"
	done
) > "$VM_OUT/churn" 2>&1 &
churn=$!
for pause in 0.5 1 0.3; do
	sleep $pause
	agent_end KILL
	agent_start
done
wait $churn || die "an ADD or DEL failed: $(< "$VM_OUT/churn")"
wait $watcher
refute "not one of them was TCP" grep -qv 256 "$VM_OUT/keep"

step "what was asked for is so"
for i in 3 4; do
	check "churn$i is steered" eventually 40 steered "churn$i"
done
known() { [ "$(status '.pods | length')" = "$1" ]; }
check "three pods are known" eventually 40 known 3
entries() { bpftool -j map dump pinned "$(pins_folder)/pods" | jq length; }
check "three entries are in the map" test "$(entries)" = 3
hooks() { bpftool -j link show | jq '[.[] | select(.attach_type == "modify_return")] | length'; }
check "one hook is attached" test "$(hooks)" = 1

step "a namespace vanishes while the agent is away"
agent_end KILL
ip netns del churn3
agent_start
entries_are() { [ "$(entries)" = "$1" ]; }
check "its entry goes" eventually 40 entries_are 2

step "without the agent"
agent_end TERM
check "pods stay steered" steered keep
check "a pod starts on TCP" pod_add alone enabled
check "and is on TCP" unsteered alone
refute "a pod that requires steering does not start" pod_add strict required
agent_start
check "the one on TCP is adopted" eventually 40 steered alone
