#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: pnet entries, UEIDs and the netns part of a pod are added, found there, refused, taken back
# kernels: 6.12 7.3
# timeout: 240
. "$(dirname "$0")/../lib.sh"

commonsmc=$TOP/build/tests/vm/progs/commonsmc
check "the pnet table of a pod" "$commonsmc" pnet-in-pod
check "the pnet table of the host" "$commonsmc" pnet-on-host
check "the UEIDs of the node" "$commonsmc" ueid
check "apply, check and undo of a pod's netns" "$commonsmc" podnet
