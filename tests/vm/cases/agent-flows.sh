#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: smcctl flows: with whom pods talked, what became SMC, what TCP and why; outlives the agent
# kernels: 6.12 7.3
# timeout: 1200
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/pod/node.sh"
xfer=$TOP/tests/pod/xfer.py

node_settle
snapshot "$VM_OUT/before"
node_up
if node_has_smcd; then transport=smcd; else transport=smcr; fi

# flow POD ROLE PORT PEER JQ: of the peer (its pod's name, its address, or "" for neither)
flow()
{
	smcctl flows --json "shop/$1" | jq -r --arg role "$2" --argjson port "$3" --arg peer "$4" \
		".[] | select(.role == \$role and .port == \$port and
		 (if .peer.pod != \"\" then .peer.pod else .peer.address end) == \$peer) | $5"
}
# What became of its connections, and why: "smc=3 tcp=1 peer-no-smc=1"
counts()
{
	flow "$@" "\"smc=\(.$transport) tcp=\(.tcp)\" +
		([.reasons[] | \" \(.name)=\(.count)\"] | add // \"\")"
}
equal() { [ "$1" = "$2" ] || { echo "'$1', not '$2'"; return 1; }; }
counted() { equal "$(counts "${@:2}")" "$1"; } # WHAT POD ROLE PORT PEER
listens() { eventually 30 grep -q listening "$POD_DIR/$1/c0/log"; }
talk() { pod enter "$1" /usr/bin/python3 "$xfer" client "$2" "$3" 1000; }
talk_from_host() { /usr/bin/python3 "$xfer" client "$@" 1000; }
# Of the agent's own programs
programs() { bpftool prog show --json | jq '[.[] | select((.name // "") | startswith("smc_flow"))] | length'; }
path_is_open() { [ "$(smcctl status --json | jq -r '.node.paths[0].state')" = unproven ]; }
entries() { bpftool map dump pinned "$(pins_folder)/$1" --json | jq length; }
forgotten() { [ "$(entries flows) $(entries fallbacks)" = "0 0" ]; }
fallbacks_of() { node_status "$1" "[.fallback[] | select(.role == \"$2\").count] | add"; }

step "pods of the node: $transport"
node_run server enabled /usr/bin/python3 "$xfer" server 5000
node_run plain none /usr/bin/python3 "$xfer" server 6000
node_run client enabled /bin/sleep infinity
server=$(pod ip server) plain=$(pod ip plain)
check "the servers listen" listens server
check "both" listens plain
check "nothing was seen yet" equal "$(smcctl flows --json)" "[]"
check "and smcctl says so" grep -q "No connection" <(smcctl flows)

if [ $transport = smcr ]; then
	step "an agreement that comes to nothing: no RoCE packet passes"
	iptables -A OUTPUT -p udp --dport 4791 -j DROP
	check "they talk all the same" talk client "$server" 5000
	iptables -D OUTPUT -p udp --dport 4791 -j DROP
	check "the server knows why it was TCP" \
		counted "smc=0 tcp=1 confirm-link-timeout=1" server server 5000 shop/client
	check "the client, too" equal 1 "$(flow client client 5000 shop/server .tcp)"
	check "nothing is counted as SMC" equal 0 "$(flow client client 5000 shop/server .smcr)"
	check "after a while one may try again" eventually 90 path_is_open
	broken=1
else
	broken=0
fi

step "what becomes SMC"
for _ in 1 2 3; do check "they talk" talk client "$server" 5000; done
check "the client has counted" equal 3 "$(flow client client 5000 shop/server .$transport)"
check "and the server" equal 3 "$(flow server server 5000 shop/client .$transport)"
check "as many as the kernel" equal 3 "$(node_status client .$transport.client)"
check "nothing more fell back" equal $broken "$(flow client client 5000 shop/server .tcp)"

step "what stays TCP"
check "a steered client at a plain server" talk client "$plain" 6000
check "it knows which" counted "smc=0 tcp=1 peer-no-smc=1" client client 6000 shop/plain
check "plain clients of a steered server" talk plain "$server" 5000
check "whoever they are" talk_from_host "$server" 5000
check "it knows how many" counted "smc=0 tcp=2 peer-no-smc=2" server server 5000 ""
check "the plain pod has none" equal "$(smcctl flows --json shop/plain)" "[]"

step "the two counts of fallbacks agree"
check "of the client" equal $((broken + 1)) "$(fallbacks_of client client)"
check "of the server" equal $((broken + 2)) "$(fallbacks_of server server)"

step "as an operator sees it"
smcctl flows | tee "$VM_OUT/flows"
check "who" grep -Eq '^shop/client +client +shop/plain +6000 +0 +0 +1 +[0-9]+s +peer-no-smc$' \
	"$VM_OUT/flows"
check "whom it does not know" grep -Eq '^shop/server +server +plain TCP clients +5000 ' \
	"$VM_OUT/flows"
check "and what it means" grep -q '^peer-no-smc: ' "$VM_OUT/flows"
check "with a problem, or without" equal $((broken * 2)) \
	"$(smcctl flows --problems --json | jq length)"

step "the agent is away"
agent_stop KILL
check "its programs went with it" equal 0 "$(programs)"
check "what is not seen" talk client "$plain" 6000
agent_start
check "is not in the flows" eventually 40 counted "smc=0 tcp=1 peer-no-smc=1" client client 6000 \
	shop/plain
check "but what was seen is" equal 3 "$(flow client client 5000 shop/server .$transport)"
check "the kernel has counted it" equal $((broken + 2)) "$(fallbacks_of client client)"
check "a new one" talk client "$plain" 6000
check "is seen again" counted "smc=0 tcp=2 peer-no-smc=2" client client 6000 shop/plain

step "the pods go"
pod down client
check "nobody asks for its flows" equal "$(smcctl flows --json shop/client)" "[]"
pod down server plain
check "and they are forgotten" eventually 60 forgotten
node_down
snapshot "$VM_OUT/after"
snapshot_diff "$VM_OUT/before" "$VM_OUT/after"
