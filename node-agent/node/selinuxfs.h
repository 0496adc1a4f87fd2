/* SPDX-License-Identifier: Apache-2.0 */
/* What the kernel's SELinux says, through a mount of selinuxfs of our own: a container has none,
 * and this one is seen by nobody else. The interface: security/selinux/selinuxfs.c. */
#ifndef SMC_AGENT_SELINUXFS_H
#define SMC_AGENT_SELINUXFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/err.h"

#define SELINUX_CONTEXT_MAX 512 /* longer ones are no pod's */

struct selinux_av {
	uint32_t allowed; /* bit N - 1: the permission whose file below class/ says N */
	bool permissive; /* the domain is: nothing is refused it */
};

/* A descriptor of its root; -ENODEV: no SELinux here, without a message. Needs CAP_SYS_ADMIN. */
int selinuxfs_open(struct err *err);

/* One line or string of a file, without its end. -ENOENT: there is none. */
int selinuxfs_read(int fs, const char *name, char *buf, size_t size, struct err *err);
int selinuxfs_read_number(int fs, const char *name, unsigned int *ret, struct err *err);

/* What the policy allows a process of the context `source`. -EINVAL: the policy does not know a
 * context. */
int selinuxfs_access(int fs, const char *source, const char *target, unsigned int class,
		     struct selinux_av *ret, struct err *err);

#endif
