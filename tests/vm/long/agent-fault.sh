#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: an agent that takes over or cleans up with SMC in force dies or fails: the next mends it
# kernels: 6.12
# timeout: 1800
. "$(dirname "$0")/../lib.sh"

modprobe -a -q smc smc_diag rdma_rxe veth bridge dummy vrf || :
ip link add br0 type bridge
at_exit ip link del br0
ip addr add 10.244.0.1/24 dev br0
ip link set br0 up
rdma link add rxe0 type rxe netdev br0
at_exit rdma link del rxe0
ip netns add warm && ip netns del warm

# All points natively, in `make unit`. The step: emulation is slow. To try all:
# tests/vm/run -k 6.12 -t 9000 -- env FAULT_STEP=1 tests/vm/long/agent-fault.sh
export FAULT_STEP=${FAULT_STEP:-29} AGENT_BPFFS=/sys/fs/bpf/smc-cni
export AGENT_CONFIG='pnets: [{id: NET0, rdma: [{device: rxe0, port: 1}], interfaces: [br0]}]
'
step "an agent that was not disturbed, so that what comes with the first one is there"
UNIT_FILTER='*alone*' "$TOP/build/tests/program/test_agent_fault"
snapshot "$VM_OUT/before"
step "each step fails"
"$TOP/build/tests/program/test_agent_fault"
snapshot "$VM_OUT/after"
check "nothing is left behind" snapshot_diff "$VM_OUT/before" "$VM_OUT/after"
