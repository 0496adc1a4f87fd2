# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: the agent's token is rotated and the old one refused: it reads the new one and goes on
# kernels: 6.12
agent_pid() { on_node 1 'pgrep -f "^/usr/sbin/smc-node-agent"'; }
token_hash()
{
	on_node 1 'cd "/proc/$(pgrep -f "^/usr/sbin/smc-node-agent")/root"
		sha256sum < var/run/secrets/kubernetes.io/serviceaccount/token'
}
token_is_new() { [ "$(token_hash)" != "$1" ]; }
refused()
{
	on_node 1 'smcctl status --json | jq -er .node.source.why' | grep -i '401\|unauthorized'
}
happy() { on_node 1 'smcctl status --json | jq -e ".node.source.why == \"\""'; }

check "a steered pod" talk_pod rotated '{"smc-cni.io/steer": "enabled"}' '["serve", "5000"]'
check "listens" eventually 120 pod_logged rotated 'listening protocol=256'
pid=$(agent_pid) hash=$(token_hash)
check "the API server stops" api_server_stop
check "it gets another key for tokens" service_account_key
check "and starts" api_server_start kube-apiserver "$api_port"
check "the agent's token is refused, and status says so" eventually 180 refused
check "steering stays" pod_protocol_is rotated 256
check "kubelet is restarted, and with it asks for new tokens" on_node 1 \
	'pkill -x kubelet; while pgrep -x kubelet; do sleep 0.3; done; kubelet_start'
check "the new token is there" eventually 240 token_is_new "$hash"
check "the agent has taken it" eventually 180 happy
check "a change of now" kubectl annotate --overwrite pod rotated smc-cni.io/steer=disabled
check "is applied" eventually 120 pod_protocol_is rotated 6
check "it is the same process" test "$(agent_pid)" = "$pid"
remove_pods rotated
