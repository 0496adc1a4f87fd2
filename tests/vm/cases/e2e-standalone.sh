#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: smc-cni alone makes the pod's interface, two annotated pods talk SMC over it; nothing stays
# kernels: 6.12 7.3
# short: 6.12
# timeout: 600
set -euo pipefail
TOP=$(cd "$(dirname "$0")/../../.." && pwd)
. "$TOP/tests/vm/lib.sh"
export NODE_CHAIN=alone
. "$TOP/tests/pod/node.sh"

node_settle
snapshot "$VM_OUT/before"
node_up
if node_has_smcd; then transport=smcd; else transport=smcr; fi
bytes=100000
node_run server enabled /usr/bin/python3 "$TOP/tests/pod/xfer.py" server 5000
eventually 30 grep -q listening "$POD_DIR/server/c0/log"
node_run client enabled /usr/bin/python3 "$TOP/tests/pod/xfer.py" \
	client "$(pod ip server)" 5000 $bytes
check "the client ends well" pod wait client 60
check "the bytes went over $transport" node_equals client .$transport.tx_bytes $((bytes + 7))
check "CNI CHECK" pod check server
ip -n "$(basename "$(pod netns server)")" addr flush dev eth0
check "CNI CHECK notices a missing address" bash -c '! pod check server'
node_down
snapshot "$VM_OUT/after"
snapshot_diff "$VM_OUT/before" "$VM_OUT/after"
