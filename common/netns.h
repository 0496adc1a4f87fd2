/* SPDX-License-Identifier: Apache-2.0 */
/* Network namespaces: the only file of the product that calls setns(2).
 *
 * A socket keeps the namespace that it was opened in, so callers enter for as long as it takes to
 * open one (or one file below /proc/sys/net) and come back. If the way back fails, the process
 * aborts: going on in a pod's namespace would write to the wrong one. Called by the one-shot plugin
 * and by the agent's worker thread only (setns changes the calling thread). Needs CAP_SYS_ADMIN.
 */
#ifndef SMC_COMMON_NETNS_H
#define SMC_COMMON_NETNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/err.h"

/* How a namespace is remembered. dev and inode may be reused after the namespace is gone; the
 * cookie (SO_NETNS_COOKIE) never within one boot. It is 0 where the kernel has none (before
 * 5.14). */
struct netns_id {
	uint64_t dev;
	uint64_t inode;
	uint64_t cookie;
};

/* Opens a path and checks that it is a network namespace (NS_GET_NSTYPE). Returns the fd or -errno.
 */
int netns_open(const char *path, struct err *err);

/* Checks that fd is a network namespace and not the one that `self`
 * (netns_open("/proc/self/ns/net")) is: -EINVAL for another kind of descriptor, -EPERM for the
 * host's own. `name` is for messages. */
int netns_check_foreign(int fd, const char *name, struct err *err);

/* {dev, inode, cookie} of the namespace behind fd. */
int netns_identify(int fd, struct netns_id *ret, struct err *err);

bool netns_id_same(const struct netns_id *a, const struct netns_id *b);

/* socket(2) inside the namespace; returns the socket or -errno. */
int netns_socket(int netns_fd, int family, int type, int protocol, struct err *err);

/* Opens a file with `flags` while inside: for /proc/sys/net/... (per-netns since it is resolved at
 * open). The path is opened as given by the calling thread's view of /proc. */
int netns_open_file(int netns_fd, const char *path, int flags, struct err *err);

/* The calling thread is where the thread group's leader is, which never leaves: it keeps the way
 * back, which is else opened for each of these calls. Needs Linux 5.8. -EINVAL for the leader,
 * which would find itself wherever it went. */
int netns_stay(struct err *err);

/* Runs fn(arg) inside the namespace and returns its value: for libraries that open their own
 * sockets (nl_connect). fn must be short and must not wait. */
int netns_call(int netns_fd, int (*fn)(void *arg, struct err *err), void *arg, struct err *err);

#endif
