# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# shellcheck disable=SC2154 # work, TOP: set by run
# For run and its cases.
#
#	step WORDS...; check SENTENCE COMMAND...; refute SENTENCE COMMAND...
#					as in tests/vm/lib.sh
#	eventually SECONDS COMMAND...	repeats COMMAND until it succeeds, for SECONDS times
#					$patience
#	on_node N SCRIPT [ARG]...	runs bash as root on the node; its output, its status (see
#					node-lib.sh)
#	kubectl ...			the administrator's
#	pod_status POD JQ_PATH [N]	of a pod of namespace default in `smcctl status --json` of
#					node N (1)
#	pod_log POD [N]			what its containers printed
#	pod_protocol POD, pod_protocol_is POD WANT	of a new socket there: 6 TCP, 256 SMC
#	talk_pod NAME ANNOTATIONS ARGUMENTS [NODE]
#					applies a pod of the program talk (JSON, JSON)
#	as_written SECTION WORD		runs the block of commands that has WORD in that section of
#					docs/install.md

# On a machine that does other things too all takes longer; waiting costs only those who wait for a
# failure.
patience=${E2E_PATIENCE:-3}

# shellcheck source=tests/checks.sh
. "$TOP/tests/checks.sh"

# One job at a time a node: its number is that of the last one and one.
on_node() # N SCRIPT [ARG]...
{
	local n=$1 folder=$work/n$1/control/out/setup/jobs number
	shift
	{
		flock 8
		number=$(($(cat "$folder/last") + 1))
		{
			printf 'set -- '
			printf '%q ' "${@:2}"
			printf '\n. %q\n%s\n' "$TOP/tests/e2e/node-lib.sh" "$1"
		} > "$folder/.next"
		mv "$folder/.next" "$folder/$number"
		echo "$number" > "$folder/last"
		until [ -e "$folder/$number.status" ]; do
			node_running "$n" || { echo "node n$n is gone" >&2; return 1; }
			read -rt 0.1 <> "$work/never" || :
		done
	} 8> "$folder/.lock"
	cat "$folder/$number.out"
	return "$(cat "$folder/$number.status")"
}

pod_status() # POD JQ_PATH [N]
{
	# shellcheck disable=SC2016 # for the node
	on_node "${3:-1}" 'smcctl status --json |
		jq -er --arg pod "$1" ".pods[] | select(.name == \$pod) | $2"' "$1" "$2"
}

node_address_is() # N ADDRESS
{
	local path='{.status.addresses[?(@.type=="InternalIP")].address}'
	[ "$(kubectl get node "n$1" -o "jsonpath=$path")" = "$2" ]
}

pod_status_is() # POD JQ_PATH WANT [N]
{
	local got
	got=$(pod_status "$1" "$2" "${4:-1}") || :
	[ "$got" = "$3" ] || {
		echo "$2 of $1 is '$got', expected '$3'; all of it:"
		pod_status "$1" . "${4:-1}"
		return 1
	}
}

pod_log() # POD [N]
{
	# shellcheck disable=SC2016 # for the node
	on_node "${2:-1}" 'cat /var/log/pods/*_"$1"_*/*/*.log | cut -d" " -f4-' "$1"
}

# Of a container that is not the pod's first one, whose log goes with it when the kubelet cleans up.
pod_logged_again() # POD PATTERN
{
	# shellcheck disable=SC2016 # for the node
	on_node 1 'ls /var/log/pods/*_"$1"_*/*/*.log | grep -v "/0\.log$" |
		xargs -r grep -q -- "$2" /dev/null' "$@"
}

pod_logged() { pod_log "$1" "${3:-1}" | grep -q -- "$2"; } # POD PATTERN [N]

pod_protocol() # POD: of a new socket of a process of its own
{
	# shellcheck disable=SC2016 # for the node
	on_node 1 'in_pod "$1" python3 -ISc \
		"import socket as s; print(s.socket().getsockopt(1, 38))"' "$1"
}

pod_protocol_is() { [ "$(pod_protocol "$1")" = "$2" ]; }

pod_ip() { kubectl get pod "$1" -o 'jsonpath={.status.podIP}'; }

pod_is() # POD PHASE
{
	[ "$(kubectl get pod "$1" -o 'jsonpath={.status.phase}')" = "$2" ]
}

talk_manifest() # NAME ANNOTATIONS ARGUMENTS [NODE]
{
	jq -n --arg name "$1" --argjson annotations "$2" --argjson args "$3" \
		--arg node "${4:-n1}" '{
		apiVersion: "v1", kind: "Pod",
		metadata: {name: $name, annotations: $annotations, labels: {app: $name}},
		spec: {nodeName: $node, restartPolicy: "Never", terminationGracePeriodSeconds: 1,
			automountServiceAccountToken: false, enableServiceLinks: false,
			containers: [{name: "talk", image: "localhost/talk:1",
				imagePullPolicy: "Never",
				command: ["/talk"], args: $args}]}}'
}

talk_pod() { talk_manifest "$@" | kubectl apply -f -; }

# caller_pod NAME ANNOTATIONS ADDRESS COUNT BYTES PAUSE_MS [stay] [NODE]: a pod that calls what talk
# serves
caller_pod()
{
	local node=n1
	[[ ${*: -1} != n[12] ]] || { node=${*: -1}; set -- "${@:1:$#-1}"; }
	talk_pod "$1" "$2" "$(jq -nc '["call"] + $ARGS.positional' --args "${@:3}")" "$node"
}

node_clean() # N: nothing of ours is there; what is, is told
{
	# shellcheck disable=SC2016 # for the node
	on_node "$1" '! {
		ls -d /sys/fs/bpf/smc-cni /etc/cni/net.d/podnet /opt/cni/bin/smc-cni \
			/opt/cni/bin/.smc-cni.installed \
			/opt/cni/bin/.smc-cni.lock /etc/cni/net.d/.smc-cni.lock \
			/run/smc-cni/state 2> /dev/null
		grep smc-cni /etc/cni/net.d/*
		ip -o link | grep -i smc
		ip -o addr | grep 169.254.47.91
		ip rule | grep l3mdev
		tc qdisc show dev lo | grep clsact
		bpftool prog show | grep -i "smc_\|steer"
	} | grep .'
}

install_block() # SECTION WORD
{
	awk -v section="## $1" -v word="$2" '
		/^## / { here = $0 == section }
		here && /^```sh$/ { inside = 1; block = ""; next }
		inside && /^```$/ {
			inside = 0
			if (index(block, word)) { printf "%s", block; exit }
		}
		inside { block = block $0 "\n" }' "$TOP/docs/install.md"
}

as_written() # SECTION WORD
{
	local block
	block=$(install_block "$@")
	[ -n "$block" ] || { echo "docs/install.md, $1: no block of commands has '$2'"; return 1; }
	(cd "$TOP" && timeout 1500 bash -euxc "$block")
}

remove_pods() { kubectl delete pod --wait=true --timeout=400s "$@"; }
