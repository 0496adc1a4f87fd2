#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: two annotated pods talk SMC, byte for byte; their neighbour stays TCP and is told why
# kernels: 6.12 7.3
# timeout: 1200
set -euo pipefail
TOP=$(cd "$(dirname "$0")/../../.." && pwd)
. "$TOP/tests/vm/lib.sh"
. "$TOP/tests/pod/node.sh"

node_settle
snapshot "$VM_OUT/before"
node_up
if node_has_smcd; then transport=smcd; else transport=smcr; fi

bytes=300000
header=7 # "300000\n", which the client sends first

step "a steered server and a steered client: $transport"
node_run server enabled /usr/bin/python3 "$TOP/tests/pod/xfer.py" server 5000
ip=$(pod ip server)
eventually 30 grep -q listening "$POD_DIR/server/c0/log"
node_run client enabled /usr/bin/python3 "$TOP/tests/pod/xfer.py" client "$ip" 5000 $bytes
check "the client ends well" pod wait client 60
check "the program saw an SMC socket" grep -q "protocol 256" "$POD_DIR/client/c0/log"
check "the client's netns sent what the program sent" \
	node_equals client .$transport.tx_bytes $((bytes + header))
check "the client's netns got what the program got" node_equals client .$transport.rx_bytes $bytes
check "the server's netns got what the program sent" \
	node_equals server .$transport.rx_bytes $((bytes + header))
check "the server's netns sent what the program got" node_equals server .$transport.tx_bytes $bytes
check "one connection as client" node_equals client .$transport.client 1
check "one connection as server" node_equals server .$transport.server 1

step "an unannotated client of the same server stays TCP"
node_run plain none /usr/bin/python3 "$TOP/tests/pod/xfer.py" client "$ip" 5000 $bytes
check "the client ends well" pod wait plain 60
check "the program saw a TCP socket" grep -q "protocol 6" "$POD_DIR/plain/c0/log"
check "nothing was steered" node_equals plain .policy.in_force false
check "the server's bytes over SMC did not grow" \
	node_equals server .$transport.rx_bytes $((bytes + header))
check "the server says that its peer does not speak SMC" \
	node_equals server '.fallback[0].name' peer-no-smc

step "a steered client of an unannotated server falls back and works"
node_run plainserver none /usr/bin/python3 "$TOP/tests/pod/xfer.py" server 5000
eventually 30 grep -q listening "$POD_DIR/plainserver/c0/log"
node_run lonely enabled /usr/bin/python3 "$TOP/tests/pod/xfer.py" \
	client "$(pod ip plainserver)" 5000 $bytes
check "the client ends well" pod wait lonely 60
check "it was steered" node_equals lonely .sockets.steered 1
check "and is told why it is TCP" node_equals lonely '.fallback[0].name' peer-no-smc

step "CHECK passes, and everything goes with the pods"
check "CNI CHECK of a steered pod" pod check server
node_down
snapshot "$VM_OUT/after"
snapshot_diff "$VM_OUT/before" "$VM_OUT/after"
