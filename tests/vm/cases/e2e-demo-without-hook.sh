#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: the demo fails, and says why, on a node whose kernel does not offer the hook
# kernels: 6.12
# timeout: 1200
# exclusive: yes
set -euo pipefail
TOP=$(cd "$(dirname "$0")/../../.." && pwd)
. "$TOP/tests/vm/lib.sh"

# Without the kernel's BTF no program can attach to the hook.
mount --bind /dev/null /sys/kernel/btf/vmlinux
if "$TOP/tests/demo/guest" >"$VM_OUT/demo.log" 2>&1; then
	die "the demo passed without the hook"
fi
cat "$VM_OUT/demo.log"
check "it says what failed" grep -q "demo: FAILED: loadgen talks SMC" "$VM_OUT/demo.log"
check "status names the cause" grep -q "BTF" "$VM_OUT/demo.log"
