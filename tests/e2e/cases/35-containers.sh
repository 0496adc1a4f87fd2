# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: of a pod that names containers only these are steered, once kubelet has told their ids
# kernels: 6.12
container_id() # NAME, as kubelet tells it
{
	kubectl get pod two -o \
		"jsonpath={.status.containerStatuses[?(@.name==\"$1\")].containerID}" | sed 's,.*//,,'
}

# As a process of the container: what it has made of its cgroup's name is the runtime's business.
protocol_in() # NAME
{
	on_node 1 'path=$(find /sys/fs/cgroup -type d -name "*$1*" | head -n 1)
		netns=$(netns_of_pod two)
		(
			echo "$BASHPID" > "$path/cgroup.procs"
			exec nsenter --net="$netns" python3 -ISc \
				"import socket as s; print(s.socket().getsockopt(1, 38))"
		)' "$(container_id "$1")"
}
protocol_is() { [ "$(protocol_in "$1")" = "$2" ]; } # NAME WANT
two() # CONTAINERS: the pod's annotation
{
	talk_manifest two "{\"smc-cni.io/steer\": \"enabled\", \"smc-cni.io/containers\": \"$1\"}" \
		'["serve", "5000"]' | jq '.spec.containers += [.spec.containers[0] |
			.name = "other" | .args = ["serve", "5001"]]'
}

step "a pod with two containers, one of them named"
check "it is applied" eval 'two other | kubectl apply -f -'
check "it runs" eventually 120 pod_is two Running
check "the named one is steered" eventually 60 protocol_is other 256
check "the other one is not" protocol_is talk 6
check "nor is the sandbox" test "$(pod_protocol two)" = 6
check "status says which" \
	pod_status_is two '.containers[0] | "\(.name) \(.steered)"' 'other true'

step "the annotation changes"
check "the other one is named" kubectl annotate --overwrite pod two smc-cni.io/containers=talk
check "it is steered" eventually 60 protocol_is talk 256
check "and the first one is not any more" protocol_is other 6

step "a name that no container has"
check "a typing error" kubectl annotate --overwrite pod two smc-cni.io/containers=tolk
check "the pod is on TCP" eventually 60 protocol_is talk 6
told() { kubectl describe pod two | grep SMCInvalidAnnotation | grep -q "got 'tolk'"; }
check "and told so" eventually 180 told
remove_pods two
