# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: the agent goes, comes in another version and back under traffic: no socket is unsteered
# kernels: 6.12
on='{"smc-cni.io/steer": "enabled"}'
agent_ready()
{
	[ "$(kubectl -n smc-cni get ds smc-node-agent \
		-o 'jsonpath={.status.numberReady}/{.status.updatedNumberScheduled}')" = 1/1 ]
}
rolled() { kubectl -n smc-cni rollout status daemonset/smc-node-agent --timeout=720s; }
on_tcp() { pod_log caller | grep -c 'called protocol=6' || :; }
calls() { pod_log caller | grep -c 'called protocol=256' || :; }
more_calls() { [ "$(calls)" -gt $(($1 + 2)) ]; }

# What runs and what is installed.
version_is()
{
	on_node 1 '[ "$(smcctl status --json | jq -r .node.agent)" = "$1" ] &&
		[ "$(/opt/cni/bin/smc-cni --version)" = "smc-cni $1" ]' "$1"
}
next_image()
{
	env -u MAKEFLAGS -u MFLAGS make -s -j2 -C "$TOP" B=build/e2e/next VERSION=0.1.1 \
		IMAGE=localhost/smc-cni:0.1.1 IMAGE_OUT="$work/images/next.tar" image
	on_node 1 'ctr -n k8s.io images import "$1"' "$work/images/next.tar"
}

check "a server" talk_pod callee "$on" '["serve", "5000"]'
check "listens" eventually 120 pod_logged callee 'listening protocol=256'
check "a client that calls again and again" \
	caller_pod caller "$on" "$(pod_ip callee):5000" 0 1000 500
check "calls" eventually 120 more_calls 0

step "the agent's pod is deleted"
check "deleted" kubectl -n smc-cni delete pod -l app.kubernetes.io/component=agent --timeout=400s
check "a new one is ready" eventually 240 agent_ready
check "calls went on" eventually 60 more_calls "$(calls)"

step "the next version, and back"
check "this one is there" version_is 0.1.0
check "the next one" next_image
check "rolled out" \
	kubectl -n smc-cni set image daemonset/smc-node-agent agent=localhost/smc-cni:0.1.1
check "it is ready" rolled
check "its agent and its plugin are there" eventually 30 version_is 0.1.1
check "rolled back" kubectl -n smc-cni rollout undo daemonset/smc-node-agent
check "it is ready again" rolled
check "agent and plugin are the old ones" eventually 30 version_is 0.1.0
check "calls went on" eventually 60 more_calls "$(calls)"
check "not one socket was TCP" test "$(on_tcp)" = 0
check "and no call failed" test "$(pod_log caller | grep -c failed || :)" = 0
check "the kernel counted none either" pod_status_is caller .sockets.unsteered 0
remove_pods caller callee
