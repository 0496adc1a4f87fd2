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

/* Held shared from bridge_apply() until a port hangs on the bridge: so no other plugin's
 * bridge_undo() takes it away in between. Returns a descriptor to close. */
int bridge_hold(struct err *err);

/* Finds the bridge, or makes it (up; with an MTU if mtu is not 0, with VLAN filtering if vlan is not
 * 0); *ret_made, on failure too, tells which. -ENOTUNIQ if the name is that of another kind of interface, -EOPNOTSUPP
 * if a VLAN is wanted and it does not filter: for its other ports that would change things. */
int bridge_apply(struct nl_sock *sk, const struct conf_interface *conf, struct link *ret,
		 bool *ret_made, struct err *err);
/* Takes back a bridge that bridge_apply() made, unless something hangs on it, or is about to. */
void bridge_undo(struct nl_sock *sk, const char *name);

/* The gateway's address on the bridge, with the subnet's prefix; it may be there already. */
int bridge_add_gateway(struct nl_sock *sk, const struct link *bridge,
		       const struct inet_addr *gateway, struct err *err);
int bridge_check_gateway(struct nl_sock *sk, const struct link *bridge,
			 const struct inet_addr *gateway, struct err *err);

/* The port is in this VLAN alone, untagged. The check: -ENOENT. */
int bridge_set_vlan(struct nl_sock *sk, const struct link *port, int vlan, struct err *err);
int bridge_check_vlan(struct nl_sock *sk, const struct link *port, int vlan, struct err *err);

/* The node forwards packets of this family from now on (net.ipv4.ip_forward,
 * net.ipv6.conf.all.forwarding); never taken back, as others rely on it too. The check: -ENOENT. */
int bridge_enable_forwarding(int family, struct err *err);
int bridge_check_forwarding(int family, struct err *err);

#endif
