# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: RoCE between two nodes is broken, in one direction: one connection waits, the others do not
# kernels: 6.12
# nodes: 2
on='{"smc-cni.io/steer": "enabled"}'
n2=10.244.2.0/26 # the pods of n2
path() # JQ: of the path from n2's pods, as n1 knows it
{
	on_node 1 'smcctl status --json' | jq -r --arg peer $n2 \
		".node.paths[] | select(.peer == \$peer) | $1"
}
path_is() { [ "$(path .state)" = "$1" ] || { echo "'$(path .state)', not '$1'"; return 1; }; }
tried() # COUNT: connections of the server found out that the path carries nothing
{
	local n
	n=$(on_node 1 'smcctl flows --json default/far' |
		jq '[.[].reasons[] | select(.name == "confirm-link-timeout").count] | add // 0')
	[ "$n" = "$1" ] || { echo "$n, not $1"; return 1; }
}
told() { kubectl describe pod far | grep SMCPaused >/dev/null; }
calls() # COUNT: at once, none of which may fail
{
	local rc=0 job jobs=()
	for _ in $(seq "$1"); do
		kubectl exec near -- /talk call "$(pod_ip far):5000" 1 1000 0 >/dev/null &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do wait "$job" || rc=1; done
	return $rc
}

step "a server on n1, a client on n2"
check "a server" talk_pod far "$on" '["serve", "5000"]' n1
check "listens" eventually 120 pod_logged far 'listening protocol=256'
check "a client" caller_pod near "$on" "$(pod_ip far):5000" 1 1000 0 stay n2
check "is done" eventually 120 pod_logged near 'done failed=0' 2
check "the path is proven" eventually 30 path_is proven
check "over SMC-R" pod_status_is far .smcr.server 1

step "its link dies: what n2 sends is lost"
check "RoCE is broken" on_node 2 'iptables -A OUTPUT -p udp --dport 4791 -j DROP'
check "n1 sees it" eventually 120 path_is closed
check "the metric, too" on_node 1 \
	'curl -s http://127.0.0.1:9810/metrics | grep -x "smc_cni_breaker_open 1"'
check "twelve connections at once: none fails" calls 12
check "none has tried it" tried 0

step "one tries again, in vain"
check "after a minute" eventually 120 path_is unproven
check "twelve connections at once: none fails" calls 12
check "one has tried it" eventually 30 tried 1
check "the path is closed" path_is closed
check "an event tells the server's pod" eventually 60 told

step "it is healed"
check "RoCE works" on_node 2 'iptables -D OUTPUT -p udp --dport 4791 -j DROP'
check "one may try in time" eventually 240 path_is unproven
check "a connection" calls 1
check "is SMC-R" eventually 30 pod_status_is far .smcr.server 2
check "the path is proven" eventually 30 path_is proven
remove_pods far near
