/* SPDX-License-Identifier: Apache-2.0 */
/* Does SELinux let programs in containers use steered sockets as they use TCP? To it a socket of
 * protocol SMC is a rawip_socket, and a connection that accept(2) returned has no label
 * (docs/kernel-notes.md). */
#ifndef SMC_AGENT_SELINUX_H
#define SMC_AGENT_SELINUX_H

#include "common/err.h"

/* 0: yes, or SELinux is not there or not enforcing. 1: no, and err says for whom, what is missing,
 * and the remedy. -errno: it cannot be told, and err says why. */
int selinux_check(struct err *err);

#endif
