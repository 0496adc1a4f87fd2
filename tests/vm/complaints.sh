# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What a kernel prints when it is unwell; sourced by run and guest-cases.

# kernel_complaints < LOG: prints up to 5 lines that no good run shows; status 1 if there are none.
kernel_complaints()
{
	tr -d '\r' | grep -aE -m 5 \
		-e 'Kernel panic|Oops|BUG:|KASAN|UBSAN|general protection fault|double fault' \
		-e 'WARNING: .*(CPU|PID|at )|possible (recursive|circular) locking|refcount_t:' \
		-e 'rcu.*(stall|starved)|blocked for more than|soft lockup|hard LOCKUP' \
		-e 'unregister_netdevice: waiting|scheduling while atomic|sleeping function called'
}
