/* SPDX-License-Identifier: Apache-2.0 */
/* The VLANs of bridge.h: a port is in one VLAN, untagged, as the access port of a switch is. */
#include <errno.h>
#include <netinet/in.h> /* before linux/in6.h, which then leaves out what libc has */

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

#include "cni-plugin/bridge.h"
#include "common/cleanup.h"
#include "common/nlsock.h"

#define ACCESS (BRIDGE_VLAN_INFO_PVID | BRIDGE_VLAN_INFO_UNTAGGED)

static struct nl_msg *request(int type, int flags, int index)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(type, flags);
	struct ifinfomsg ifi = { .ifi_family = AF_BRIDGE, .ifi_index = index };

	if (!msg || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0)
		return NULL;
	return TAKE_PTR(msg);
}

static int change(struct nl_sock *sk, int type, int index, const struct bridge_vlan_info *vlan,
		  struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(type, 0, index);
	struct nlattr *spec = msg ? nla_nest_start(msg, IFLA_AF_SPEC) : NULL;

	if (!spec || nla_put(msg, IFLA_BRIDGE_VLAN_INFO, sizeof(*vlan), vlan) < 0)
		return err_sys(err, ENOMEM, "write message");
	nla_nest_end(msg, spec);
	return nlsock_talk(sk, msg, err);
}

/* ---- reading ---- */

#define VLANS_MAX 8

struct found {
	int index;
	struct bridge_vlan_info vlans[VLANS_MAX];
	int n; /* may be more than VLANS_MAX */
};

/* One entry is one VLAN, or several of the same kind up to BRIDGE_VLANDB_ENTRY_RANGE. */
static void take_entry(struct nlattr *entry, struct found *found)
{
	const struct nlattr *info = nla_find(nla_data(entry), nla_len(entry),
					     BRIDGE_VLANDB_ENTRY_INFO),
			    *range = nla_find(nla_data(entry), nla_len(entry),
					      BRIDGE_VLANDB_ENTRY_RANGE);
	struct bridge_vlan_info vlan;
	int last;

	if (!info || nla_len(info) < (int)sizeof(vlan))
		return;
	memcpy(&vlan, nla_data(info), sizeof(vlan));
	last = range ? nla_get_u16(range) : vlan.vid;
	for (int vid = vlan.vid; vid <= last; vid++) {
		vlan.vid = (uint16_t)vid;
		if (found->n < VLANS_MAX)
			found->vlans[found->n] = vlan;
		found->n++;
	}
}

static int take_port(const struct nlmsghdr *nlh, void *arg)
{
	const struct br_vlan_msg *port = nlmsg_data(nlh);
	struct nlattr *attr;
	int rest;

	if (nlh->nlmsg_type != RTM_NEWVLAN || nlmsg_datalen(nlh) < (int)sizeof(*port) ||
	    (int)port->ifindex != ((struct found *)arg)->index)
		return 0;
	nla_for_each_attr(attr, nlmsg_attrdata(nlh, sizeof(*port)),
			  nlmsg_attrlen(nlh, sizeof(*port)), rest) {
		if (nla_type(attr) == BRIDGE_VLANDB_ENTRY)
			take_entry(attr, arg);
	}
	return 0;
}

static void forget(void *arg)
{
	((struct found *)arg)->n = 0;
}

/* Of this port alone (Linux 5.6): a list of all may miss it while others come and go, since the
 * kernel counts those that it has told already (rtnl_bridge_getlink). */
static int read_vlans(struct nl_sock *sk, struct found *found, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETVLAN, NLM_F_DUMP);
	struct br_vlan_msg port = { .family = AF_BRIDGE, .ifindex = (uint32_t)found->index };
	int r;

	if (!msg || nlmsg_append(msg, &port, sizeof(port), NLMSG_ALIGNTO) < 0)
		return err_sys(err, ENOMEM, "write message");
	r = nlsock_dump(sk, msg, take_port, forget, found, err);
	return r < 0 ? err_prefix(err, r, "list the VLANs of a bridge's port") : 0;
}

/* ---- the two of bridge.h ---- */

/* A new port is in the bridge's default VLAN, and the pod would hear the broadcasts of that. */
int bridge_set_vlan(struct nl_sock *sk, const struct link *port, int vlan, struct err *err)
{
	struct bridge_vlan_info own = { .flags = ACCESS, .vid = (uint16_t)vlan };
	struct found found = { .index = port->index };
	int r = read_vlans(sk, &found, err);

	for (int i = 0; r == 0 && i < found.n && i < VLANS_MAX; i++) {
		struct bridge_vlan_info other = { .vid = found.vlans[i].vid };

		if (other.vid != vlan)
			r = change(sk, RTM_DELLINK, port->index, &other, err);
	}
	if (r == 0)
		r = change(sk, RTM_SETLINK, port->index, &own, err);
	return r < 0 ? err_prefix(err, r, "put interface '%s' into VLAN %d", port->name, vlan) : 0;
}

int bridge_check_vlan(struct nl_sock *sk, const struct link *port, int vlan, struct err *err)
{
	struct found found = { .index = port->index };
	int r = read_vlans(sk, &found, err);

	if (r < 0)
		return r;
	if (found.n != 1 || found.vlans[0].vid != vlan || (found.vlans[0].flags & ACCESS) != ACCESS)
		return err_set(err, -ENOENT, "interface '%s' is not in VLAN %d alone, untagged",
			       port->name, vlan);
	return 0;
}
