#!/bin/bash
# about: a link that is only in the pod is cleared up by DEL, and by GC, wherever its ADD was killed
# kernels: 6.12
# timeout: 1800
. "$(dirname "$0")/../lib.sh"

modprobe -a -q veth bridge macvlan || : # built into our own kernel
# Those that every kernel has are tested natively, in `make unit`; the other kinds are made as this one is.
CASES='*killed_add*' "$TOP/build/tests/unit/test_cni_fault" macvlan
