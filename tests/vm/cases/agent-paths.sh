#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: SMC-R is offered over RDMA paths that carry something: one broken path makes nobody wait
# kernels: 6.12
# timeout: 1200
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/pod/node.sh"
xfer=$TOP/tests/pod/xfer.py

node_settle
snapshot "$VM_OUT/before"
node_up

roce() { iptables "$1" OUTPUT -p udp --dport 4791 -j DROP; } # -A: breaks the path, -D: heals it
path() { smcctl status --json | jq -r ".node.paths[] | select(.peer == \"this node\").$1"; }
path_is() { [ "$(path state)" = "$1" ] || { echo "'$(path state)', not '$1'"; return 1; }; }
counted() { node_equals client .smcr.client "$1"; }
breaker_is() { grep -qx "smc_cni_breaker_open $1" <(curl -s 127.0.0.1:9810/metrics); }
talk() { pod enter client /usr/bin/python3 "$xfer" client "$ip" 5000 1000; }
tried() { # COUNT: so many connections of the server found out that the path carries nothing
	local n
	n=$(smcctl flows --json shop/server |
		jq '[.[].reasons[] | select(.name == "confirm-link-timeout").count] | add // 0')
	[ "$n" = "$1" ] || { echo "$n, not $1"; return 1; }
}
# COUNT at once, which must not fail. (How long it takes says nothing on a busy machine.)
many()
{
	pod enter client /usr/bin/python3 -I -S - "$ip" 5000 "$1" <<'EOF'
import socket, sys, threading
host, port, n = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
failed = []
def one():
    try:
        with socket.create_connection((host, port)) as s:
            s.sendall(b"1\n.")
            while s.recv(100): pass
    except OSError as e:
        failed.append(e)
threads = [threading.Thread(target=one) for _ in range(n)]
for t in threads: t.start()
for t in threads: t.join()
if failed:
    sys.exit(f"{len(failed)} of {n} failed: {failed[0]}")
EOF
}

step "a pod with a listener, and one that connects"
node_run server enabled /usr/bin/python3 "$xfer" server 5000
node_run client enabled /bin/sleep infinity
ip=$(pod ip server)
eventually 30 grep -q listening "$POD_DIR/server/c0/log"

step "a path that carries nothing from the beginning"
roce -A
check "32 at once: nobody fails" many 32
check "one has tried it, and waited for that" tried 1
check "the path is closed" path_is closed
check "and the reason is known" [ "$(path reason)" = confirm-link-timeout ]
check "the metric says so" breaker_is 1
check "an operator sees it" grep -q "from this node: no SMC-R for .* s more: " <(smcctl status)
check "the log, too" eventually 30 grep -q "SMC-R to a peer is not offered" "$NODE_DIR/agent.log"
check "nothing was SMC" counted 0

step "it stays closed while it may be broken, whoever restarts"
check "8 at once" many 8
check "nobody has tried" tried 1
agent_stop KILL
agent_start
check "the agent knows" eventually 30 path_is closed
check "a connection is TCP" talk
check "really" counted 0
check "without having tried" tried 1

step "it is healed"
roce -D
check "one tries again in time" eventually 90 path_is unproven
check "they talk" talk
check "that was SMC" counted 1
check "the path is proven" path_is proven
check "nothing is closed" breaker_is 0
check "the log says so" grep -q "carries RDMA again" "$NODE_DIR/agent.log"
check "32 at once: nobody fails" many 32
check "all of them are SMC" counted 33

step "what is proven holds without an agent"
agent_stop KILL
check "they talk" talk
agent_start
check "that was SMC" eventually 30 counted 34
check "the path is as it was" eventually 30 path_is proven

step "a path that dies later"
roce -A
pod enter client /usr/bin/timeout 60 /usr/bin/python3 "$xfer" client "$ip" 5000 100000 >/dev/null 2>&1 || :
check "its links die" eventually 60 path_is closed
check "nobody fails after that" many 8
check "nor tries" tried 1
roce -D

step "a port where nobody listens, and plain TCP, take no turn"
check "it may be tried again" eventually 90 path_is unproven
refute "it is refused" pod enter client /usr/bin/python3 "$xfer" client "$ip" 5001 1
check "the next one is SMC at once" talk
check "really" eventually 10 path_is proven

node_down
snapshot "$VM_OUT/after"
snapshot_diff "$VM_OUT/before" "$VM_OUT/after"
