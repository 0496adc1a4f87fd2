#!/bin/bash
# about: a link that is only in the pod is cleared up by DEL, and by GC, wherever its ADD was killed
#
# usage: tests/vm/run -k 6.12 -c 1 -t 1200 -- [env FAULT_STEP=1] tests/vm/on-demand/cni-fault.sh
#
# Ten minutes, and seen green once: no part of make test.
. "$(dirname "$0")/../lib.sh"

modprobe -a -q veth bridge macvlan || : # built into our own kernel
# Kinds that every kernel has are tested natively, in `make unit`, at all points. The step: emulation is
# slow; "env FAULT_STEP=1 tests/vm/on-demand/cni-fault.sh" tries all of them.
CASES='*killed_add*' FAULT_STEP=${FAULT_STEP:-4} "$TOP/build/tests/unit/test_cni_fault" macvlan
