/* SPDX-License-Identifier: Apache-2.0 */
/* Kernel settings below /proc/sys, in a network namespace (those of /proc/sys/net).
 *
 * name: "net.smc.wmem"; dots become slashes, so names of interfaces with a dot cannot be reached.
 * netns_fd -1: the calling thread's own namespace. Errors name the setting; -ENOENT: the kernel
 * does not have it. Where /proc/sys is read-only, as in a container, the host's /proc/sys/net is
 * looked for at /host/proc/sys/net.
 */
#ifndef SMC_COMMON_SYSCTL_H
#define SMC_COMMON_SYSCTL_H

#include <stdbool.h>
#include <stddef.h>

#include "common/err.h"

/* True for lower-case words of [a-z0-9_], joined by single dots. */
bool sysctl_name_valid(const char *name);

/* The value without its newline; -EOVERFLOW when it does not fit. */
int sysctl_get(int netns_fd, const char *name, char *ret, size_t size, struct err *err);

/* Written with a newline behind it: "" then clears a setting that is a name (an empty write does
 * nothing). */
int sysctl_set(int netns_fd, const char *name, const char *value, struct err *err);

#endif
