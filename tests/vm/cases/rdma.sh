#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: soft-RoCE runs over a device, and the leak check sees what is left of it
# kernels: 6.12 7.3
# timeout: 600
. "$(dirname "$0")/../lib.sh"

modprobe -a smc rdma_rxe dummy
before=$VM_OUT/before after=$VM_OUT/after
snapshot "$before"
ip link add base0 up type dummy
check "a soft-RoCE device can be made" rdma link add rxe0 type rxe netdev base0
check "it is active" grep -q ACTIVE <(rdma link show rxe0/1)
snapshot "$after"
refute "the leak check sees the device" snapshot_diff "$before" "$after"
rdma link del rxe0
ip link del base0
snapshot "$after"
check "the node is as it was when both are gone" snapshot_diff "$before" "$after"
