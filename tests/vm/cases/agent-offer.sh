#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: whom a pod offers SMC follows its annotation, live; it outlives the agent and goes with it
# kernels: 6.12 7.3
# short: 6.12
# timeout: 1200
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/pod/node.sh"
xfer=$TOP/tests/pod/xfer.py progs=$TOP/build/tests/vm/progs

node_settle
snapshot "$VM_OUT/before"
node_up
if node_has_smcd; then transport=smcd; else transport=smcr; fi

annotate() # POD STEER [PEERS]
{
	NODE_PEERS=${3-} node_manifest "$1" "$2" > "$NODE_DIR/pods/.$1"
	mv "$NODE_DIR/pods/.$1" "$NODE_DIR/pods/$1.yaml"
}
# smc_connections: of the client, so far
smc_connections() { node_status client .$transport.client; }
# talks smc|tcp: a new connection of the pods
talks()
{
	local before
	before=$(smc_connections)
	pod enter client /usr/bin/python3 "$xfer" client "$server" 5000 1000 || return 1
	case $1 in
	smc) [ "$(smc_connections)" -eq $((before + 1)) ] ;;
	tcp) [ "$(smc_connections)" -eq "$before" ] ;;
	esac
}
# soon smc|tcp: once the agent has seen the manifest; from then on
soon() { eventually 40 talks "$1" && talks "$1"; }
netns() { basename "$(pod netns "$1")"; }
# offers smc|tcp [ADDRESS]: a connection of other programs there, on port 5001; needs no agent
offers()
{
	local want="n=1 smc=1 plain_client=0 plain_server=0 other=0"
	[ "$1" = smc ] || want="n=1 smc=0 plain_client=1 plain_server=1 other=0"
	[ "$("$progs/smcmany" "$(netns client)" "$(netns server)" "${2-$server}" 5001 1)" = \
		"$want" ]
}

step "two steered pods of the node: $transport"
node_run server enabled /usr/bin/python3 "$xfer" server 5000
node_run client enabled /bin/sleep infinity
server=$(pod ip server)
check "the server listens" eventually 30 grep -q listening "$POD_DIR/server/c0/log"
check "they talk SMC, by the default" talks smc

step "the client's peers"
annotate client enabled 10.244.0.0/24:80
check "the server's port is not among them" soon tcp
annotate client enabled node
check "a pod of the node is" soon smc
annotate client enabled 192.0.2.0/24,node:5000-5001
check "for these ports" soon smc

step "the server's"
annotate server enabled any:80
check "its own port is not among them" soon tcp
annotate server enabled "$(pod ip client)/32"
check "the client is" soon smc

step "the agent is away"
agent_stop KILL
check "what is allowed is still" offers smc
annotate server enabled 192.0.2.0/24
agent_start
check "the next one reads what came meanwhile" soon tcp
agent_stop KILL
check "and leaves it behind" offers tcp

step "somebody takes the programs away"
take() { "$progs/offerctl" links undo "$(pod netns server)" > /dev/null; }
take
check "SMC is offered to all" offers smc
agent_start
check "the agent puts them back when it starts" eventually 40 offers tcp
take
check "and while it runs" eventually 60 offers tcp
check "CHECK is content" pod check server

step "an interface that the pods have made themselves"
ip -n "$(netns client)" link add own type veth peer name own netns "$(netns server)"
ip -n "$(netns client)" address add 198.51.100.1/24 dev own
ip -n "$(netns server)" address add 198.51.100.2/24 dev own
for pod in client server; do ip -n "$(netns $pod)" link set own up; done
check "whom it leads to is not among the peers" eventually 60 offers tcp 198.51.100.2
check "for good" offers tcp 198.51.100.2

step "steering ends, listeners stay"
annotate server disabled
check "nothing is offered" soon tcp
annotate server enabled
check "and when it begins again the listener is the SMC socket that it was" soon smc

step "peers that cannot be read"
annotate server enabled everybody
check "the pod is told" eventually 40 node_equals server .policy.in_force false
check "nothing is offered" talks tcp

step "the pods go"
node_down
snapshot "$VM_OUT/after"
snapshot_diff "$VM_OUT/before" "$VM_OUT/after"
