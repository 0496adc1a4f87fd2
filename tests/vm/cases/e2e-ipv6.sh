#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: steered IPv6 sockets talk SMC-D; over SMC-R, which falls back before 7.x, they are TCP
# kernels: 6.12 7.3
# timeout: 600
set -euo pipefail
TOP=$(cd "$(dirname "$0")/../../.." && pwd)
. "$TOP/tests/vm/lib.sh"
NODE_IPV6=1
. "$TOP/tests/pod/node.sh"

node_up
bytes=100000
node_run server enabled /usr/bin/python3 "$TOP/tests/pod/xfer.py" server 5000 ::
eventually 30 grep -q listening "$POD_DIR/server/c0/log"
node_run client enabled /usr/bin/python3 "$TOP/tests/pod/xfer.py" \
	client "$(pod ip server 6)" 5000 $bytes
check "the client ends well" pod wait client 60
check "its socket was steered" node_equals client .sockets.steered 1
if node_has_smcd; then
	check "the bytes went over SMC-D" node_equals client .smcd.tx_bytes $((bytes + 7))
else
	check "no byte went over SMC-R" node_equals client .smcr.tx_bytes 0
	check "the client knows why" test "$(node_status client '.fallback | length')" -gt 0
fi
node_down
