# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: annotations that come, change and go, on pod and namespace, take effect for the next socket
# kernels: 6.12 7.3
generation() { on_node 1 'smcctl status --json | jq .node.source.generation'; }
generation_passed() { [ "$(generation)" -gt "$1" ]; }

# changed SENTENCE COMMAND...: does it and waits until the agent has brought it to the map.
changed()
{
	local before
	before=$(generation)
	check "$@"
	check "... which has reached the map" eventually 60 generation_passed "$before"
}

check "a pod that says nothing" talk_pod live '{}' '["serve", "5000"]'
check "runs" eventually 120 pod_is live Running
check "on TCP" test "$(pod_protocol live)" = 6
changed "the pod is annotated" kubectl annotate pod live smc-cni.io/steer=enabled
check "its next socket is SMC" test "$(pod_protocol live)" = 256
check "the listener from before is not, and status says so" \
	pod_status_is live '.policy.why | test("1 listener opened before stays TCP")' true
changed "the annotation is removed" kubectl annotate pod live smc-cni.io/steer-
check "TCP again" test "$(pod_protocol live)" = 6
changed "the namespace is annotated" kubectl annotate namespace default smc-cni.io/steer=enabled
check "SMC by the namespace" test "$(pod_protocol live)" = 256
check "a pod that starts now" talk_pod inherits '{}' '["serve", "5000"]'
check "is steered from its first socket" eventually 120 pod_logged inherits 'listening protocol=256'
check "a pod that opts out" talk_pod optout '{"smc-cni.io/steer": "disabled"}' '["serve", "5000"]'
check "is on TCP, as Go asks for it" eventually 120 pod_logged optout 'listening protocol=262'
changed "the namespace's annotation is removed" kubectl annotate namespace default smc-cni.io/steer-
check "TCP again" test "$(pod_protocol live)" = 6
check "for the other, too" pod_status_is inherits .policy.in_force false
remove_pods live inherits optout
