#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a pod that floods a dead address with connects gets TCP, and other pods' servers accept
# kernels: 6.12 7.3
# short: 6.12
# timeout: 1200
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/pod/node.sh"
xfer=$TOP/tests/pod/xfer.py

node_settle
snapshot "$VM_OUT/before"
node_up

socket_of() { node_status "$1" ".sockets.$2"; }
pending() { bpftool map dump pinned "$(pins_folder)/pending" --json | jq '[.[].formatted.value.n] | add // 0'; }
none_waits() { [ "$(pending)" = 0 ] || { pending; return 1; }; }
# HOST COUNT: as many connects at once, each of a new socket, which are dropped when it is told
flood()
{
	pod enter "$1" /usr/bin/python3 -I -S -u - "$2" "$3" <<'EOF'
import os, resource, socket, sys, time
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
held = []
for i in range(int(sys.argv[2])):
    s = socket.socket()
    s.setblocking(False)
    s.connect_ex((sys.argv[1], 5000))
    held.append(s)
print("flooded", flush=True)
while not os.path.exists("/run/flood-ends"):
    time.sleep(0.1)
EOF
}
talk() { pod enter client /usr/bin/python3 "$xfer" client "$ip" 5000 1000; }

step "a server, a client, and a pod that floods"
node_run server enabled /usr/bin/python3 "$xfer" server 5000
node_run client enabled /bin/sleep infinity
node_run flood enabled /bin/sleep infinity
ip=$(pod ip server)
eventually 30 grep -q listening "$POD_DIR/server/c0/log"
# Where nobody answers: a neighbour that is not there would be told of after 3 s.
pod enter flood ip neigh add 10.244.0.250 lladdr 02:00:00:00:00:01 dev eth0 nud permanent
check "they talk" talk
check "nothing waits" none_waits

step "1,500 connects to a dead address"
flood flood 10.244.0.250 1500 >"$VM_OUT/flooded" 2>&1 &
check "all were begun" eventually 120 grep -q flooded "$VM_OUT/flooded"
check "as many as the bound became SMC sockets" [ "$(socket_of flood steered)" -le 130 ]
check "and no fewer" [ "$(socket_of flood steered)" -ge 128 ]
check "the others are TCP, and counted" [ "$(socket_of flood bounded)" -ge 1300 ]
check "the log says so" eventually 40 grep -q "too many connects wait" "$NODE_DIR/agent.log"
check "an operator sees it" grep -q "while too many connects waited" <(smcctl status shop/flood)
for _ in 1 2 3; do check "others talk" talk; done
check "of sockets that are steered" [ "$(socket_of client bounded)" = 0 ]

step "the agent is away, and comes back"
agent_stop KILL
agent_start
check "nothing is counted as waiting that nobody saw begin" eventually 30 none_waits

step "the flood ends"
touch /run/flood-ends
wait %?flood 2>/dev/null || :
before=$(socket_of flood steered)
check "its next socket is SMC" pod enter flood /usr/bin/python3 "$xfer" client "$ip" 5000 1000
check "really" [ "$(socket_of flood steered)" -gt "$before" ]
check "no connect is left" eventually 30 none_waits
rm /run/flood-ends

step "the pods go"
waiting() # of how many pods it is remembered how many connects wait
{
	bpftool map dump pinned "$(pins_folder)/pending" --json |
		jq '[.[] | select(.formatted.key != 0)] | length'
}
none_remembered() { [ "$(waiting)" = 0 ] || { waiting; return 1; }; }
check "their counts were there" [ "$(waiting)" -ge 1 ]
pod down flood client server
check "and are forgotten" eventually 60 none_remembered

node_down
snapshot "$VM_OUT/after"
snapshot_diff "$VM_OUT/before" "$VM_OUT/after"
