# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: a node reboots, and its pods are there before the agent: on TCP, taken over when it comes
# kernels: 6.12
# nodes: 2
on='{"smc-cni.io/steer": "enabled"}'
agents() { kubectl -n smc-cni get pod -l app.kubernetes.io/component=agent -o name | wc -l; }
no_agent() { [ "$(agents)" = 0 ]; }
only_for() # NODE_SELECTOR
{
	kubectl -n smc-cni patch daemonset smc-node-agent --type merge \
		-p "{\"spec\": {\"template\": {\"spec\": {\"nodeSelector\": $1}}}}"
}
leases() { on_node 1 'find /var/lib/cni/networks/podnet -name "10.244.*" | wc -l'; }
one_lease() { [ "$(leases)" = 1 ]; }
booted_anew() { local now; now=$(boot_id) && [ "$now" != "$1" ]; }
boot_id() { on_node 1 'cat /proc/sys/kernel/random/boot_id'; }

manifest=$(talk_manifest rebooted "$on" '["serve", "5000"]' | jq '.spec.restartPolicy = "Always"')
check "a steered pod" kubectl apply -f - <<< "$manifest"
check "listens" eventually 120 pod_logged rebooted 'listening protocol=256'
check "no agent any more" only_for '{"smc-cni.io/e2e": "nowhere"}'
check "its pods go" eventually 120 no_agent
boot=$(boot_id)
check "the node reboots" node_boot 1
check "it has" booted_anew "$boot"
check "the pod's program begins again" \
	eventually 400 pod_logged_again rebooted "listening protocol="
check "on TCP, since nobody could steer it" \
	eventually 60 pod_logged rebooted 'listening protocol=262'
check "our plugin is in the chain as before" on_node 1 \
	'test -x /opt/cni/bin/smc-cni && test -s /etc/cni/net.d/podnet/50-smc-cni.conf'
check "the agent may come" only_for '{"smc-cni.io/e2e": null}'
check "it does" kubectl -n smc-cni rollout status daemonset/smc-node-agent --timeout=900s
check "the pod's next socket is SMC" eventually 120 pod_protocol_is rebooted 256
check "status says so" pod_status_is rebooted .policy.in_force true
check "and that its listener stays TCP" \
	pod_status_is rebooted '.policy.why | test("1 listener opened before stays TCP")' true
check "one address is taken" eventually 120 one_lease
check "a client gets through" caller_pod visitor "$on" "$(pod_ip rebooted):5000" 2 1000 10
check "and ends well" eventually 120 pod_is visitor Succeeded
remove_pods rebooted visitor
