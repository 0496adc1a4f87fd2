# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: a killed sandbox: the pod gets another under its uid, steered, and the old one's state goes
# kernels: 6.12 7.3
manifest()
{
	talk_manifest phoenix '{"smc-cni.io/steer": "enabled"}' '["serve", "5000"]' |
		jq '.spec.restartPolicy = "Always"'
}
sandboxes()
{
	on_node 1 'smcctl status --json | jq "[.pods[] | select(.name == \"phoenix\")] | length"'
}
one_sandbox() { [ "$(sandboxes)" = 1 ]; }
not_tcp() { ! pod_log phoenix | grep 'listening protocol=262'; }
uid() { kubectl get pod phoenix -o 'jsonpath={.metadata.uid}'; }
other_netns() { [ "$(on_node 1 'netns_of_pod phoenix')" != "$1" ]; }

check "a pod" kubectl apply -f - <<< "$(manifest)"
check "listens" eventually 120 pod_logged phoenix 'listening protocol=256'
before=$(uid) netns=$(on_node 1 'netns_of_pod phoenix')
check "its sandbox is killed" on_node 1 'read -r id path <<< "$(sandbox_of_pod phoenix)"
	kill -KILL "$(sandbox_pid "$id")"'
check "its program begins again, on SMC" \
	eventually 240 pod_logged_again phoenix "listening protocol=256"
check "never on TCP" not_tcp
check "in another network namespace" other_netns "$netns"
check "of the same pod" test "$(uid)" = "$before"
check "the node knows one of it" eventually 120 one_sandbox
check "it is in force" pod_status_is phoenix .policy.in_force true
remove_pods phoenix
