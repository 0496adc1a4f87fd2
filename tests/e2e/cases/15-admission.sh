# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: the API server refuses the annotation values that the agent refuses, and no others
# kernels: 6.12
# Nothing runs on a node: tests/e2e/admission shows it to a control plane alone.
table=$TOP/tests/deploy/annotations.json
dry() { kubectl create --dry-run=server -f -; }

# values GOOD_OR_BAD: name, owner, key, value of each row of the table, as JSON
values()
{
	jq --arg verdict "$1" '[to_entries[] | .key as $owner | .value | to_entries[] |
		.key as $key |
		.value[$verdict][] | {$owner, $key, value: .}] | to_entries |
		map(.value + {name: "\($verdict)-\(.key)"})' "$table"
}

# As a list of pods and namespaces.
objects()
{
	jq '{apiVersion: "v1", kind: "List", items: map({apiVersion: "v1",
		kind: (if .owner == "pod" then "Pod" else "Namespace" end),
		metadata: {name, annotations: {("smc-cni.io/" + .key): .value}}}
		+ if .owner == "pod" then {spec: {containers: [{name: "c", image: "i"}]}}
		  else {} end)}'
}

bad_pod() # NAME ANNOTATIONS: kept from running
{
	jq -n --arg name "$1" --argjson annotations "$2" '{apiVersion: "v1", kind: "Pod",
		metadata: {$name, $annotations},
		spec: {schedulingGates: [{name: "e2e.smc-cni.io/never"}],
			containers: [{name: "c", image: "i"}]}}'
}

refused() # WHAT_IT_SAYS COMMAND...
{
	local said want=$1
	shift
	! said=$("$@" 2>&1) || { echo "accepted: $*"; return 1; }
	grep -qF "$want" <<< "$said" || { echo "$said"; return 1; }
}

good_ones_pass()
{
	local rows said
	rows=$(values good)
	said=$(objects <<< "$rows" | dry 2>&1) ||
		{ grep -v 'created (server dry run)' <<< "$said"; return 1; }
	[ "$(grep -c 'created (server dry run)' <<< "$said")" = "$(jq length <<< "$rows")" ]
}

# Each line of the answer has the object's name; a value with a line break is in no message (the
# API's rule).
bad_ones_are_refused_by_name()
{
	local rows said name want wrong=0
	rows=$(values bad)
	said=$(objects <<< "$rows" | dry 2>&1) || :
	while IFS=$'\t' read -r name want; do
		grep -F "\"$name\"" <<< "$said" | grep -qF "$want" || {
			jq -c --arg name "$name" '.[] | select(.name == $name)' <<< "$rows"
			echo "is not refused with: $want"
			wrong=1
		}
	done < <(jq -r '.[] | if .value | test("\n") then [.name, "smc-cni-annotations"] else
		[.name, "annotation '\''smc-cni.io/\(.key)'\'' of the \(.owner)"] end | @tsv' \
		<<< "$rows")
	[ $wrong = 0 ]
}

workload() # APIVERSION KIND VALUE: with the annotation on its pods
{
	jq -n --arg apiVersion "$1" --arg kind "$2" --arg value "$3" '
		{metadata: {labels: {a: "b"}, annotations: {"smc-cni.io/steer": $value}},
			spec: {containers: [{name: "c", image: "i"}]}} as $pods |
		($pods | .spec.restartPolicy = "Never") as $once |
		{$apiVersion, $kind, metadata: {name: "w"}, spec: (
			if $kind == "CronJob" then
				{schedule: "0 0 1 1 *", jobTemplate: {spec: {template: $once}}}
			elif $kind == "Job" then {template: $once}
			elif $kind == "ReplicationController" then
				{selector: {a: "b"}, template: $pods}
			else {selector: {matchLabels: {a: "b"}}, template: $pods} end
			+ if $kind == "StatefulSet" then {serviceName: "w"} else {} end)}'
}

workloads_are_looked_into()
{
	local kind said="'smc-cni.io/steer' of the pod: got 'yes'"
	said+=", allowed: enabled, required, disabled"
	for kind in apps/v1/{Deployment,StatefulSet,DaemonSet,ReplicaSet} batch/v1/{Job,CronJob} \
		v1/ReplicationController; do
		workload "${kind%/*}" "${kind##*/}" required | dry || return 1
		refused "$said" dry < <(workload "${kind%/*}" "${kind##*/}" yes) ||
			{ echo "$kind"; return 1; }
	done
}

own_annotations_of_workloads_are_nobody_s()
{
	workload apps/v1 Deployment enabled |
		jq '.metadata.annotations = {"smc-cni.io/steer": "yes"}' | dry
}

in_force() { refused smc-cni.io/steer dry < <(bad_pod probe '{"smc-cni.io/steer": "yes"}'); }
out_of_force() { bad_pod probe '{"smc-cni.io/steer": "yes"}' | dry; }
no_warnings() # the types of their expressions were looked at, and nothing is wrong
{
	kubectl get validatingadmissionpolicy smc-cni-annotations smc-cni-hints -o json |
		jq -e 'all(.items[];
		.status.observedGeneration == .metadata.generation and
		(.status.typeChecking.expressionWarnings // [] == []))'
}

step "the policy"
check "is in force" eventually 60 in_force
check "the API server finds no fault with its expressions" eventually 60 no_warnings
check "values that the agent takes are taken" good_ones_pass
check "values that the agent refuses are refused, by key and object" bad_ones_are_refused_by_name
check "pods of workloads are looked at" workloads_are_looked_into
check "a workload's own annotations are not" own_annotations_of_workloads_are_nobody_s

step "the label of a namespace"
labelled() # OF_KIND VALUE
{
	bad_pod labelled '{}' | jq --arg kind "$1" --arg value "$2" '.kind = $kind |
		.metadata.labels = {"smc-cni.io/steer": $value} |
		if $kind == "Namespace" then del(.spec) else . end'
}
check "may say what the annotation may" dry < <(labelled Namespace required)
check "and nothing else" refused "label 'smc-cni.io/steer' of the namespace: got 'yes', allowed" \
	dry < <(labelled Namespace yes)
paused() { labelled Namespace enabled | jq '.metadata.annotations = {"smc-cni.io/pause": "yes"}'; }
check "nor may the switch" refused "'smc-cni.io/pause' of the namespace: got 'yes', allowed" \
	dry < <(paused)
check "that of a pod does not count" dry < <(labelled Pod yes)

step "pods with hostNetwork"
host_pod() { bad_pod host "{\"smc-cni.io/steer\": \"$1\"}" | jq '.spec.hostNetwork = true'; }
host_workload()
{
	workload "$1" "$2" "$3" | jq '(.. | select(.containers?)) += {hostNetwork: true}'
}
warned()
{
	grep -qF "Warning: Validation failed for ValidatingAdmissionPolicy 'smc-cni-hints'" <<< "$1"
}
hint() # enabled or disabled: whether each kind of object is warned of
{
	local said object
	for object in "$(host_pod "$1")" "$(host_workload apps/v1 Deployment "$1")" \
		"$(host_workload batch/v1 CronJob "$1")"; do
		said=$(dry <<< "$object" 2>&1) || { echo "$said"; return 1; }
		if [ "$1" = enabled ]; then warned "$said"; else ! warned "$said"; fi ||
			{ echo "$said"; return 1; }
	done
}
check "a user who asks for it is warned" eventually 60 hint enabled
check "who does not is not" hint disabled
check "it cannot be required" refused "'required' cannot be had with hostNetwork" \
	dry < <(host_pod required)
check "nor by a workload" refused "'required' cannot be had with hostNetwork" \
	dry < <(host_workload apps/v1 DaemonSet required)
check "nor in a CronJob" refused "'required' cannot be had with hostNetwork" \
	dry < <(host_workload batch/v1 CronJob required)

step "what is bad already"
check "without the binding" kubectl delete validatingadmissionpolicybinding smc-cni-annotations
check "anything goes" eventually 60 out_of_force
check "such as a pod" kubectl create -f - \
	<<< "$(bad_pod old '{"smc-cni.io/steer": "yes", "smc-cni.io/ulp": "deny"}')"
check "with the binding" kubectl apply -f "$TOP/deploy/base/admission-binding.yaml"
check "nothing bad comes any more" eventually 60 in_force
check "the old pod can be changed" kubectl label pod old touched=yes
check "another key of it too" kubectl annotate --overwrite pod old smc-cni.io/ulp=emulate
check "but not to another bad value" refused "got 'no', allowed" \
	kubectl annotate --overwrite pod old smc-cni.io/steer=no
check "nor by another bad key" refused "got '1Ki', allowed" \
	kubectl annotate pod old smc-cni.io/buffer-size=1Ki
check "it can be made good" kubectl annotate --overwrite pod old smc-cni.io/steer=enabled
check "and deleted" kubectl delete pod old --now --timeout=100s

step "the example of docs/privileges.md"
example()
{
	sed -n '/^# only-some-require.yaml/,/^```/p' "$TOP/docs/privileges.md" | grep -v '^```'
}
required() { bad_pod some '{"smc-cni.io/steer": "required"}' | dry; }
check "is taken" kubectl apply -f - < <(example)
check "a pod may not require" \
	eventually 60 refused "is for namespaces with the label smc-required=yes" required
check "but may ask" dry < <(bad_pod some '{"smc-cni.io/steer": "enabled"}')
check "in a namespace with the label" kubectl label namespace default smc-required=yes
check "it may require" eventually 60 required
kubectl label namespace default smc-required-
kubectl delete -f - < <(example)
