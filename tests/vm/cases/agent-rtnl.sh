#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: while somebody holds the rtnl lock socket and /healthz answer; a second agent is refused
# kernels: 6.12
# timeout: 600
. "$(dirname "$0")/../lib.sh"
. "$TOP/tests/vm/agent.sh"
readonly URL=http://127.0.0.1:9810

# The holder lets go when nobody has the other end of its stdin open.
mkfifo "$DIR/hold"
hold()
{
	exec 8<> "$DIR/hold"
	holdrtnl < "$DIR/hold" > "$DIR/held" 8>&- &
	HOLDER=$!
	check "rtnl is held" eventually 20 grep -q held "$DIR/held"
}

# SMC-R's host side is what needs rtnl.
modprobe -a smc rdma_rxe
ip link add base type bridge
ip addr add 10.9.0.1/24 dev base
ip link set base up
rdma link add rxe0 type rxe netdev base
at_exit ip link del base
at_exit rdma link del rxe0
at_exit agent_clean
# For its own request, in one of RDMA netlink, which asks the device for its speed, or in one about
# the programs of an interface.
worker_waits()
{
	cat /proc/"$AGENT_PID"/task/*/stack
	grep -qE 'rtnetlink_rcv_msg|ib_get_eth_speed|tcx_prog_' /proc/"$AGENT_PID"/task/*/stack
}

agent_config 'pnets: [{id: NET0, rdma: [{device: rxe0, port: 1}], interfaces: [base]}]'
agent_start
ip netns add p1
ip netns exec p1 true

step "rtnl is held; an ADD is under way"
hold
(
	trap - EXIT
	exec 8>&-
	AGENT_TIMEOUT=50000 cni ADD p1 enabled > "$VM_OUT/add" 2>&1
) &
add=$!
(
	trap - EXIT
	exec 8>&-
	ip link add probe type dummy
	touch "$VM_OUT/probe"
) &
probe=$!
check "the worker waits for rtnl" eventually 20 worker_waits
check "/healthz answers" test "$(curl -s -m 5 $URL/healthz)" = ok
check "/readyz answers" test "$(curl -s -m 5 $URL/readyz)" = ok
check "/metrics answers with what is known" curl -sf -m 10 -o /dev/null $URL/metrics
CNI_COMMAND=STATUS CNI_PATH=/nowhere timeout 5 smc-cni \
	<<< '{"cniVersion": "1.1.0", "name": "net", "type": "smc-cni"}'
check "the socket answers STATUS" test $? = 0
check "the socket answers status" smcctl status
refute "a second agent is refused" smc-node-agent --config "$DIR/agent.yaml"
check "rtnl was held all the time" test ! -e "$VM_OUT/probe"
exec 8>&-
wait $probe
ip link del probe
wait $add || die "the ADD failed: $(< "$VM_OUT/add")"
check "the ADD succeeds afterwards, and the pod is steered" steered p1

step "the agent is told to end while its worker waits"
hold
CNI_NETNS='' AGENT_TIMEOUT=500 cni DEL p1 > /dev/null 2>&1
check "the worker waits for rtnl" eventually 20 worker_waits
kill -TERM "$AGENT_PID"
check "the agent stops to serve at once" eventually 10 test ! -e /run/smc-cni/agent.sock
check "rtnl was held all the time" kill -0 "$HOLDER"
# The kernel lets a process that waits for rtnl end only when it has got it.
exec 8>&-
wait "$AGENT_PID" || die "the agent ended with status $?"
wait "$HOLDER" || true
