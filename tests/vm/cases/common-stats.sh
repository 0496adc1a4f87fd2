#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: SMC's statistics and fallback reasons are those of the connections that were made
# kernels: 6.12 7.3
# timeout: 240
. "$(dirname "$0")/../lib.sh"

commonstats=$TOP/build/tests/vm/progs/commonstats
check "fallbacks to TCP of a client and a server" "$commonstats" fallback
[ "$VM_KERNEL" = 6.12 ] || check "bytes and connections over dibs loopback" "$commonstats" smcd
