# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: containers that a pod names are steered from their first socket on, as the runtime tells
# kernels: 6.12
node_is() { on_node 1 'smcctl status --json | jq -e ".node | $1"' "$1"; } # JQ_CONDITION
# CONTAINER N: what the Nth of its runs has printed
printed() { on_node 1 'cut -d" " -f4- /var/log/pods/*_exact_*/"$1/$2.log"' "$@"; }
listens() { printed "$1" "$2" | grep -q -- "$3"; } # CONTAINER N PATTERN
first_is() { eventually 120 listens "$1" "$2" listening && listens "$1" "$2" "protocol=$3"; }

# A sidecar that comes first, talk and side.
exact()
{
	local named='{"smc-cni.io/steer": "enabled", "smc-cni.io/containers": "first,talk,late"}'
	talk_manifest exact "$named" '["serve", "5000"]' | jq '
		.spec.initContainers = [.spec.containers[0] +
			{name: "first", args: ["serve", "5002"], restartPolicy: "Always"}]
		| .spec.containers += [.spec.containers[0] + {name: "side", args: ["serve", "5001"]}]' |
		kubectl apply -f -
}

check "the runtime tells" eventually 60 node_is .nri.ok
check "a pod that names two of its three containers, and one that comes later" exact
check "it runs" eventually 120 pod_is exact Running
check "the first socket of the sidecar is SMC" first_is first 0 256
check "and that of the other one that is named" first_is talk 0 256
check "that of the third is not" eventually 120 listens side 0 listening
refute "it is TCP" listens side 0 protocol=256
check "status says which" pod_status_is exact \
	'[.containers[] | "\(.name) \(.steered)"] | sort | join(",")' 'first true,late false,talk true'

step "a container starts anew, with a new id"
check "the sidecar ends" on_node 1 'pkill -xf "/talk serve 5002"'
check "the first socket of the next one is SMC, too" first_is first 1 256

step "an ephemeral container that is named, too"
check "it is added" kubectl debug exact -c late --image=localhost/talk:1 \
	--image-pull-policy=Never -- /talk serve 5003
check "its first socket is SMC" first_is late 0 256
remove_pods exact
