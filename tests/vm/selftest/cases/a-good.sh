#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a case that passes, and leaves a mount of its own
# kernels: 6.12
# timeout: 60
. "$(dirname "$0")/../../lib.sh"

mount -t tmpfs none /mnt
check "one is one" test 1 -eq 1
check "eventually sees what comes late" eventually 10 test "$(date +%s)" -gt 0
check "what it mounts reaches containers" \
	test "$(findmnt --noheadings --output PROPAGATION /mnt)" = shared
