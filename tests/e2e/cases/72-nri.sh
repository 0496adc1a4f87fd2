# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: the runtime tells of containers by NRI; pods start whatever becomes of agent and runtime
# kernels: 6.12
node_is() { on_node 1 'smcctl status --json | jq -e ".node | $1"' "$1"; } # JQ_CONDITION
told() { on_node 1 'smcctl status --json | jq .node.runtime.containers'; }
tells() { node_is '.nri.ok and .runtime.name == "containerd" and .runtime.nri != ""'; }
agent_pid() { on_node 1 'pgrep -o -x smc-node-agent'; }
signal_agent() { on_node 1 'kill "-$1" "$2"' "$@"; } # SIGNAL PID
another_agent() { [ "$(agent_pid)" != "$1" ] && tells; }
runs() { eventually 120 pod_is "$1" Running; }

three_containers() # NAME: a sidecar that comes first, and two
{
	talk_manifest "$1" '{}' '["serve", "5000"]' | jq '
		.spec.initContainers = [.spec.containers[0] +
			{name: "first", args: ["serve", "5002"], restartPolicy: "Always"}]
		| .spec.containers += [.spec.containers[0] + {name: "side", args: ["serve", "5001"]}]' |
		kubectl apply -f -
}

check "it does" eventually 60 tells
before=$(told)
check "a pod of three containers" three_containers told
check "it runs" runs told
check "the agent was told of all three" eventually 30 node_is ".runtime.containers == $before + 3"
check "it goes" kubectl delete pod told --timeout=300s
check "and its containers are forgotten" eventually 60 node_is ".runtime.containers == $before"

step "the agent stops in the middle of all"
pid=$(agent_pid)
check "stopped" signal_agent STOP "$pid"
check "a pod all the same" talk_pod while-stopped '{}' '["serve", "5000"]'
check "starts" runs while-stopped
# Where this takes minutes, kubelet's probe may have ended it.
check "the agent goes on, or the next one does" on_node 1 'kill -CONT "$1" 2> /dev/null || :' "$pid"
check "it is told again" eventually 120 tells

step "the agent is killed"
pid=$(agent_pid)
check "killed" signal_agent KILL "$pid"
check "a pod all the same" talk_pod while-away '{}' '["serve", "5000"]'
check "starts" runs while-away
check "the next agent is told again" eventually 240 another_agent "$pid"

step "the runtime restarts"
check "it does" on_node 1 'pkill -x containerd; eventually() { until "$@"; do sleep 0.3; done; }
	eventually sh -c "! pgrep -x containerd" && containerd_start && eventually ctr version'
check "it tells again" eventually 120 tells
check "a pod" talk_pod afterwards '{}' '["serve", "5000"]'
check "starts" runs afterwards
remove_pods while-stopped while-away afterwards
