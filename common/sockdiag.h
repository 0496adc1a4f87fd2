/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets of a network namespace, by the kernel's socket monitor (sock_diag(7)). */
#ifndef SMC_COMMON_SOCKDIAG_H
#define SMC_COMMON_SOCKDIAG_H

#include "common/err.h"

/* How many TCP sockets listen in the namespace (-1: the thread's own), IPv4 and IPv6 together, or
 * -errno: -ENOENT where the kernel cannot list them (tcp_diag). An SMC listener counts as the TCP
 * socket that it has inside. */
int sockdiag_tcp_listeners(int netns_fd, int timeout_ms, struct err *err);

#endif
