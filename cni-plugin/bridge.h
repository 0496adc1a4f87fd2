/* SPDX-License-Identifier: Apache-2.0 */
/* The bridge that stand-alone pods hang on. It is shared by them and by whoever else uses it, so no
 * pod's DEL removes it.
 */
#ifndef SMC_PLUGIN_BRIDGE_H
#define SMC_PLUGIN_BRIDGE_H

#include <netlink/netlink.h>
#include <stdbool.h>

#include "cni-plugin/conf_interface.h"
#include "common/err.h"
#include "common/inet.h"
#include "common/link.h"

/* The caller holds this lock, shared, from bridge_apply() until a port hangs on the bridge, so
 * that no other plugin's bridge_undo() takes the bridge away in between. Returns a descriptor to
 * close. */
int bridge_hold(struct err *err);

/* Finds the bridge, or makes it (up, hearing no routers; with an MTU if mtu is not 0, with VLAN
 * filtering if vlan is not 0). *ret_made tells which, on failure too. -ENOTUNIQ if the name is that
 * of another kind of interface. -EOPNOTSUPP if a VLAN is wanted and the bridge does not filter:
 * turning that on would change things for its other ports. */
int bridge_apply(struct nl_sock *sk, const struct conf_interface *conf, struct link *ret,
		 bool *ret_made, struct err *err);
/* Takes back a bridge that bridge_apply() made, unless something hangs on it, or is about to. */
void bridge_undo(struct nl_sock *sk, const char *name);

/* The gateway's address on the bridge, with the subnet's prefix; it may be there already. */
int bridge_add_gateway(struct nl_sock *sk, const struct link *bridge,
		       const struct inet_addr *gateway, struct err *err);
int bridge_check_gateway(struct nl_sock *sk, const struct link *bridge,
			 const struct inet_addr *gateway, struct err *err);

/* Puts the port into this VLAN alone, untagged. The check says -ENOENT where it is not so. */
int bridge_set_vlan(struct nl_sock *sk, const struct link *port, int vlan, struct err *err);
int bridge_check_vlan(struct nl_sock *sk, const struct link *port, int vlan, struct err *err);

/* Makes the node forward packets of this family (net.ipv4.ip_forward,
 * net.ipv6.conf.all.forwarding). It is never taken back, as others rely on it too. A node that
 * forwards IPv6 hears routers only where accept_ra is 2, so that comes first (`but`: see
 * ipv6_keep_routers). The check says -ENOENT where it is off. */
int bridge_enable_forwarding(int family, const char *but, struct err *err);
int bridge_check_forwarding(int family, struct err *err);

#endif
