# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: while the API server is away steering stays and pods start; what changed is caught up on
# kernels: 6.12
over_a_minute() { [ $((SECONDS - away)) -gt 60 ]; }
synced() { on_node 1 'smcctl status --json | jq -e .node.source.synced'; }
static='{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "lonely", "namespace": "default",
	"annotations": {"smc-cni.io/steer": "enabled"}},
	"spec": {"terminationGracePeriodSeconds": 1,
	"containers": [{"name": "talk", "image": "localhost/talk:1", "imagePullPolicy": "Never",
	"command": ["/talk"], "args": ["serve", "5000"]}]}}'

check "a steered pod" talk_pod stays '{"smc-cni.io/steer": "enabled"}' '["serve", "5000"]'
check "listens" eventually 120 pod_logged stays 'listening protocol=256'
away=$SECONDS
api_server_stop
check "its new sockets are SMC" pod_protocol_is stays 256
check "a static pod starts without an API server" on_node 1 \
	'printf "%s\n" "$1" > /etc/kubernetes/manifests/lonely.json' "$static"
check "steered by its own annotation" eventually 120 pod_logged lonely-n1 'listening protocol=256'
check "it is away for more than a minute" eventually 90 over_a_minute
check "its new sockets are SMC still" pod_protocol_is stays 256
check "healthz" on_node 1 'curl -sf http://127.0.0.1:9810/healthz'
api_server_start kube-apiserver "$api_port" > /dev/null
check "the API server is back, a change of now is seen" \
	kubectl annotate --overwrite pod stays smc-cni.io/steer=disabled
check "and applied" eventually 120 pod_protocol_is stays 6
check "both watches have synced" eventually 60 synced
on_node 1 'rm /etc/kubernetes/manifests/lonely.json'
remove_pods stays
