#!/bin/bash
# about: an agent that takes pods over, or cleans up, with SMC in force, is killed or fails: the next puts it right
#
# usage: tests/vm/run -k 6.12 -c 1 -t 3000 -- [env FAULT_STEP=1] tests/vm/on-demand/agent-fault.sh
#
# Ten minutes, and seen green once: no part of make test.
. "$(dirname "$0")/../lib.sh"

modprobe -a -q smc smc_diag rdma_rxe veth bridge dummy vrf || :
ip link add br0 type bridge
at_exit ip link del br0
ip addr add 10.244.0.1/24 dev br0
ip link set br0 up
rdma link add rxe0 type rxe netdev br0
at_exit rdma link del rxe0
ip netns add warm && ip netns del warm

# All points natively, in `make unit`. The step: emulation is slow; "env FAULT_STEP=1 ..." tries all.
export FAULT_STEP=${FAULT_STEP:-13} AGENT_BPFFS=/sys/fs/bpf/smc-cni
export AGENT_CONFIG='pnets: [{id: NET0, rdma: [{device: rxe0, port: 1}], interfaces: [br0]}]
'
step "an agent that was not disturbed, so that what comes with the first one is there"
CASES='*alone*' "$TOP/build/tests/unit/test_agent_fault"
snapshot "$VM_OUT/before"
step "each step fails"
"$TOP/build/tests/unit/test_agent_fault"
snapshot "$VM_OUT/after"
check "nothing is left behind" snapshot_diff "$VM_OUT/before" "$VM_OUT/after"
