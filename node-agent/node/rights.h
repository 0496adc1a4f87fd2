/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent needs of the kernel's capabilities: those of deploy/base/daemonset.yaml, which
 * docs/privileges.md explains. */
#ifndef SMC_AGENT_RIGHTS_H
#define SMC_AGENT_RIGHTS_H

#include <stddef.h>
#include <stdint.h>

struct right {
	int capability; /* CAP_... of <linux/capability.h> */
	const char *name; /* "CAP_..." */
	const char *needed_for;
};

extern const struct right rights[];
extern const size_t rights_n;

/* The index of the first one from `i` on that is not in the set (bit n is capability n); rights_n:
 * none. Pure. */
size_t rights_next_missing(uint64_t set, size_t i);
/* Logs a warning for each one that this thread does not have in force. Whatever fails for want of
 * it says so again, in its own words. */
void rights_warn(void);

#endif
