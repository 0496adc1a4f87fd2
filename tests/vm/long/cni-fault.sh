#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a link that is only in the pod is cleared up by DEL, and by GC, wherever its ADD was killed
# kernels: 6.12
# timeout: 900
. "$(dirname "$0")/../lib.sh"

modprobe -a -q veth bridge macvlan || : # built into our own kernel
# Kinds that every kernel has are tested natively, in `make unit`, at all points. The step: as in
# agent-fault.
UNIT_FILTER='*killed_add*' FAULT_STEP=${FAULT_STEP:-4} "$TOP/build/tests/program/test_cni_fault" \
	macvlan
