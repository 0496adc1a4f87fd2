/* SPDX-License-Identifier: Apache-2.0 */
/* The veth pair of a stand-alone pod: one end on the host, one in the pod. */
#ifndef SMC_PLUGIN_VETH_H
#define SMC_PLUGIN_VETH_H

#include <netlink/netlink.h>
#include <stdbool.h>

#include "cni-plugin/conf.h"
#include "common/err.h"
#include "common/link.h"
#include "common/wire.h"

/* The host end's name: "smc" and 12 hex digits of the attachment's hash, so that DEL finds it
 * without a netns or a result. */
const char *veth_host_name(const struct wire_attachment *a, char ret[IFNAMSIZ]);
/* Is it such a name, of whichever attachment? */
bool veth_is_host_name(const char *name);
/* The host end's alias: whose it is, for people and GC. ret holds LINK_ALIAS_MAX + 1 bytes. */
const char *veth_alias(const char *network, char *ret);

/* Is it a host end of this network? Its name and our alias tell, or without that its name and
 * group: the ADD may have been killed before it could set an alias, which the kernel does not
 * take in the request that makes the pair, or somebody has set an alias of his own. */
bool veth_is_of_network(const struct link *link, const char *network);

/* Makes the pair in one request: the host end on the bridge (index 0: on none), the pod's end down
 * and born in its namespace (moving it there would cost 16-24 ms). The host end comes up once it
 * hears no routers: a pod that runs already may have its own end up by then. sk is the host's.
 * -EEXIST if either name is taken. On failure nothing is left. */
int veth_add(struct nl_sock *sk, const struct wire_attachment *a, int netns_fd, int bridge_index,
	     const struct conf_interface *conf, struct err *err);
/* Removes the pair by its host end; one that is gone is fine, one that is not ours stays
 * (-EPERM). */
int veth_del(struct nl_sock *sk, const struct wire_attachment *a, struct err *err);
/* Is the host end up, and are the two ends of one pair? -ENOENT. *ret is the host end. */
int veth_check(struct nl_sock *sk, const struct wire_attachment *a, const struct link *pod,
	       struct link *ret, struct err *err);

#endif
