# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: the API server no longer has what the agent saw last (410 Gone): it lists anew, misses none
# kernels: 6.12
# Two API servers, as where there is a load balancer: the second one starts when etcd is ahead of
# what the agent has seen, and its watch cache begins there. Then the first one dies.
agent_log() { on_node 1 'cat /var/log/pods/smc-cni_smc-node-agent-*/agent/*.log'; }
# The API server's absence in an earlier case may have brought some already.
times_gone() { agent_log | grep -ciE 'too old resource version|(code|status) 410' || :; }
said_gone() { [ "$(times_gone)" -gt "$gone_before" ]; }
synced()
{
	on_node 1 'smcctl status --json |
		jq -e ".node.source.synced and .node.source.why == \"\""'
}
balance() # -I or -D
{
	on_node 1 'iptables-legacy -w -t nat "$1" OUTPUT -d 10.96.0.1/32 -p tcp --dport 443 \
		-j DNAT --to-destination "10.0.2.2:$2"' \
		"$1" "$other_port"
}
# shellcheck disable=SC2317 # called by the trap
restore()
{
	api_server_stop second
	api_server_stop
	api_server_start kube-apiserver "$api_port"
}

free_port other_port
check "a steered pod" talk_pod older '{"smc-cni.io/steer": "enabled"}' '["serve", "5000"]'
check "listens" eventually 180 pod_logged older 'listening protocol=256'
check "the agent is in step" eventually 180 synced
gone_before=$(times_gone)
trap restore EXIT
check "the first API server says nothing any more" daemon_signal kube-apiserver STOP
check "etcd moves on" etcd_moves_on
check "a second one starts" api_server_start second "$other_port"
check "the pod changes meanwhile" \
	kubectl --server "https://127.0.0.1:$other_port" \
		annotate --overwrite pod older smc-cni.io/steer=disabled
check "the load balancer's way" balance -I
check "the first one dies" daemon_signal kube-apiserver KILL
check "the agent is told that its version is gone" eventually 180 said_gone
check "and lists anew: what it missed is applied" eventually 180 pod_protocol_is older 6
check "it is in step" eventually 180 synced
check "the way back" balance -D
restore
trap - EXIT
check "a change on the first one" kubectl annotate --overwrite pod older smc-cni.io/steer=enabled
check "is applied" eventually 240 pod_protocol_is older 256
remove_pods older
