/* SPDX-License-Identifier: Apache-2.0 */
/* The IPv6 settings of an interface, /proc/sys/net/ipv6/conf/NAME/KEY, and who may be its router:
 * whoever sends router advertisements on a link that has accept_ra gives the node a default route
 * and addresses. On links that lead to pods that would be the pod.
 */
#ifndef SMC_PLUGIN_IPV6_H
#define SMC_PLUGIN_IPV6_H

#include <stdbool.h>

#include "common/err.h"

/* netns_fd -1: the calling thread's own namespace, which is the host's. What is so already is not
 * written: /proc/sys may be read-only (-EROFS). -EAFNOSUPPORT: the interface has no IPv6, or the
 * kernel not this setting. */
int ipv6_set(int netns_fd, const char *ifname, const char *key, const char *value, struct err *err);
/* The same, for what is better so, but not needed: without IPv6, and where /proc/sys is read-only,
 * it does nothing. */
int ipv6_set_if_possible(int netns_fd, const char *ifname, const char *key, const char *value,
			 struct err *err);

/* The host hears no router on this link of its own. Comes before the link is up. Where it cannot be
 * written that is fine as long as the link forwards, since the kernel hears none then. */
int ipv6_refuse_routers(const char *ifname, struct err *err);

/* Before the node begins to forward: what hears routers now goes on doing so (accept_ra 2), so that
 * the node keeps its own default route, but for the link `but` (NULL: none), where pods are. */
int ipv6_keep_routers(const char *but, struct err *err);

#endif
