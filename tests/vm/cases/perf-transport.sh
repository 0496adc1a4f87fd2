#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: smc-perf measures SMC-R or SMC-D by that name, refuses a fallback, and a steered pod's TCP
# kernels: 6.12 7.3
# timeout: 1200
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/pod/node.sh"

node_settle
modprobe smc_diag
snapshot "$VM_OUT/before"
result=$VM_OUT/result said=$VM_OUT/said where=()

perf() { # ARGS... of the client, in short, as `where` says
	"${where[@]}" smc-perf client "$@" --rounds 2 --seconds 0.1 --connections 10 \
		> "$result" 2> "$said"
}
status() { # STATUS COMMAND...
	local rc=0
	"${@:2}" || rc=$?
	[ $rc = "$1" ] || { echo "exit status $rc, not $1"; cat "$said"; return 1; }
}
equal() { [ "$1" = "$2" ] || { echo "'$1', not '$2'"; return 1; }; }
# What the connections of all cells were, each once: "smc=SMC-D tcp=TCP"
kinds() {
	jq -r '[.cells[].over | to_entries[] | "\(.key)=\(.value.transport.is)"] | unique | join(" ")' \
		"$result"
}
serve() { # COMMAND... in front of the server
	"$@" smc-perf server 2> "$VM_OUT/server" &
	server=$!
	check "the server is ready" eventually 60 grep -q ready "$VM_OUT/server"
}
unserve() {
	kill "$server"
	wait "$server" || true
}

step "without a UEID each connection falls back"
serve
check "SMC is refused before anything is measured" \
	status 3 perf 127.0.0.1 --measure connect --json
check "as what it is" grep -qE "fell back to TCP: [a-z-]+" "$said"
refute "with a reason that is known" grep -q "other" "$said"
check "nothing is printed" test ! -s "$result"
check "what falls back can be measured" status 0 \
	perf 127.0.0.1 --over tcp,fallback --measure round-trip,connect,parallel --json
check "under that name" equal "$(kinds)" "fallback=fallback tcp=TCP"
check "with the reason" equal peer-no-smc \
	"$(jq -r '[.cells[].over.fallback.transport.reason] | unique | join(" ")' "$result")"
unserve

node_up
if node_has_smcd; then kind=SMC-D; else kind=SMC-R; fi
step "between two pods, beside their processes: $kind"
node_run server enabled /bin/sleep infinity
node_run client enabled /bin/sleep infinity
# Who enters the namespace from outside is not steered.
serve nsenter --net="$(pod netns server)"
ip=$(pod ip server)
where=(nsenter --net="$(pod netns client)")
check "all is measured" status 0 perf "$ip" --json
check "under the right names" equal "$(kinds)" "smc=$kind tcp=TCP"
check "each cell has its numbers and ratios" equal 0 "$(jq '[.cells[] | select(
	(.over.tcp.values[.counts].rounds // 0) == 0 or
	(.measure != "memory" and (.over.smc.ratio[.counts].rounds // 0) == 0))] | length' \
	"$result")"
check "SMC's buffers are seen" jq -e \
	'[.cells[].over.smc.transport.smc_buffer_bytes] | all(. >= 65536)' "$result"
check "as a table, too" status 0 perf "$ip" --measure round-trip
check "with the name" grep -q "$kind" "$result"
refute "no line has more than 80 columns" grep -E '.{81}' "$result"
unserve

step "a process of a steered pod"
where=(pod enter client)
check "it cannot measure TCP" status 1 perf "$ip" --measure connect
check "and is told so" grep -q "this process is steered" "$said"

node_down
snapshot "$VM_OUT/after"
snapshot_diff "$VM_OUT/before" "$VM_OUT/after"
