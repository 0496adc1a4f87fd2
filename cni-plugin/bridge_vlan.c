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

static int take_port(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = nlmsg_data(nlh);
	struct found *found = arg;
	struct nlattr *spec, *attr;
	int rest;

	if (nlh->nlmsg_type != RTM_NEWLINK || ifi->ifi_index != found->index)
		return 0;
	spec = nlmsg_find_attr((struct nlmsghdr *)(uintptr_t)nlh, sizeof(*ifi), IFLA_AF_SPEC);
	if (!spec)
		return 0;
	nla_for_each_nested(attr, spec, rest) {
		if (nla_type(attr) != IFLA_BRIDGE_VLAN_INFO ||
		    nla_len(attr) < (int)sizeof(struct bridge_vlan_info))
			continue;
		if (found->n < VLANS_MAX)
			memcpy(&found->vlans[found->n], nla_data(attr), sizeof(found->vlans[0]));
		found->n++;
	}
	return 0;
}

static int read_vlans(struct nl_sock *sk, struct found *found, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(RTM_GETLINK, NLM_F_DUMP, 0);
	int r;

	if (!msg || nla_put_u32(msg, IFLA_EXT_MASK, RTEXT_FILTER_BRVLAN) < 0)
		return err_sys(err, ENOMEM, "write message");
	r = nlsock_query(sk, msg, take_port, found, err);
	return r < 0 ? err_prefix(err, r, "list VLANs of bridge ports") : 0;
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
