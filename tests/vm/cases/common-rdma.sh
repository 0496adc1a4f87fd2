#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: RDMA devices are listed with their state and interface, and counted with SMC-D devices
# kernels: 6.12 7.3
# timeout: 240
. "$(dirname "$0")/../lib.sh"

commonstats=$TOP/build/tests/vm/progs/commonstats
case $VM_KERNEL in
6.12) n_smcd=0 ;;
*) n_smcd=1 ;;
esac
modprobe -a smc rdma_rxe dummy
check "no RDMA device yet" "$commonstats" devices "$n_smcd" 0
ip link add base0 up type dummy
at_exit ip link del base0
rdma link add rxe0 type rxe netdev base0
at_exit rdma link del rxe0
check "the RDMA device, from the host and from a pod" "$commonstats" rdma rxe0 base0
check "SMC knows it" "$commonstats" devices "$n_smcd" 1
