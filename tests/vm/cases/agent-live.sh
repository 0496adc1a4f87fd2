#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: pods are steered, turned off and on by manifests, checked, repaired, removed; nothing stays
# kernels: 6.12 7.3
# short: 6.12
# timeout: 1200
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/vm/agent.sh"
at_exit agent_clean

manifest() # STEER POD
{
	cat > "$DIR/pods/.$2" <<-END
		apiVersion: v1
		kind: Pod
		metadata: {name: $2, namespace: default, annotations: {smc-cni.io/steer: $1}}
	END
	mv "$DIR/pods/.$2" "$DIR/pods/$2.yaml"
}

modprobe -a smc || true
agent_config ''
ip netns add warm && ip netns del warm
snapshot "$VM_OUT/before"
agent_start

step "two pods, one of them opted in"
check "ADD of p1" pod_add p1 enabled
check "ADD of p2" pod_add p2
check "p1 is steered" steered p1
check "p2 is not" unsteered p2
check "the host is not" test "$(protocol "$(ip netns add host0 && echo host0)")" = 6
ip netns del host0
check "CHECK of p1" cni CHECK p1 enabled

step "the manifest changes"
manifest disabled p1
check "p1 stays on TCP from then on" eventually 20 unsteered p1
manifest enabled p1
check "p1 is steered again" eventually 20 steered p1
p1() { status ".pods[] | select(.name == \"p1\") | $1"; }
check "status says that older listeners stay TCP" \
	test "$(p1 '.policy.why | test("listeners opened before stay TCP")')" = true
check "sockets were counted on" test "$(p1 .sockets.steered)" -ge 2

step "its record cannot be written"
mv /run/smc-cni/state/pods /run/smc-cni/state/aside
ln -s nowhere /run/smc-cni/state/pods
manifest disabled p1
check "the log says it" eventually 20 grep -q 'cannot change a pod, trying again' "$AGENT_LOG"
check "the pod is still known" test "$(p1 .name)" = p1
rm /run/smc-cni/state/pods
mv /run/smc-cni/state/aside /run/smc-cni/state/pods
check "the change comes when it can be" eventually 60 unsteered p1
manifest enabled p1
check "and the next one" eventually 20 steered p1

step "a pod that has listeners already is opted in"
p2() { status ".pods[] | select(.name == \"p2\") | $1"; }
ip netns exec p2 pingpong server 7001 &
one=$!
ip netns exec p2 pingpong server 7002 &
two=$!
listening() { [ "$(ip netns exec p2 ss -Hltn | wc -l)" -eq 2 ]; }
check "two programs listen" eventually 20 listening
manifest enabled p2
check "p2 is steered from now on" eventually 20 steered p2
check "status has their number" test "$(p2 .listeners_before)" = 2
check "and says it" test "$(p2 '.policy.why | test("2 listeners opened before stay TCP")')" = true
check "p1 was steered before: it has none" test "$(p1 .listeners_before)" = null
kill $one $two
wait $one $two || true

step "somebody deletes the map entry"
map=$(pins_folder)/pods
bpftool -j map dump pinned "$map" | jq -r '.[].key | join(" ")' | while read -r key; do
	# shellcheck disable=SC2086 # one word a byte
	bpftool map delete pinned "$map" key $key
done
check "p1 is on TCP" unsteered p1
check "the sweep repairs it" eventually 40 steered p1

step "DEL, twice, without a namespace, and late"
check "DEL of p2" pod_del p2
check "DEL of p2 again" cni DEL p2
POD_NAME=p1 pod_add p1new enabled
check "a late DEL of the old sandbox" cni DEL p1
check "the old one is not steered any more" unsteered p1
check "the new one is" steered p1new
CNI_NETNS='' cni DEL p1new
check "DEL without a namespace takes the new one down" unsteered p1new

step "all goes"
ip -all netns del
agent_end TERM
check "--cleanup" smc-node-agent --cleanup --config "$DIR/agent.yaml"
rm -f "$AGENT_LOG" "$DIR/pods/p1.yaml" "$DIR/pods/p2.yaml"
snapshot "$VM_OUT/after"
check "nothing is left behind" snapshot_diff "$VM_OUT/before" "$VM_OUT/after"
