/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/veth.h"

#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <string.h>

#include "cni-plugin/ipv6.h"
#include "cni-plugin/tag.h"
#include "common/cleanup.h"
#include "common/link.h"
#include "common/nlsock.h"

#define ALIAS_PREFIX "smc-cni:"

_Static_assert(sizeof(ALIAS_PREFIX) - 1 + CONF_NAME_MAX <= LINK_ALIAS_MAX, "a network's name fits");

const char *veth_host_name(const struct wire_attachment *a, char ret[IFNAMSIZ])
{
	char hash[WIRE_HASH_LEN];

	(void)snprintf(ret, IFNAMSIZ, "smc%.12s", wire_attachment_hash(a, hash));
	return ret;
}

const char *veth_alias(const char *network, char *ret)
{
	(void)snprintf(ret, LINK_ALIAS_MAX + 1, ALIAS_PREFIX "%.*s", CONF_NAME_MAX, network);
	return ret;
}

bool veth_is_host_name(const char *name)
{
	return !strncmp(name, "smc", 3) && strlen(name) == 15 &&
	       strspn(name + 3, "0123456789abcdef") == 12;
}

bool veth_is_of_network(const struct link *link, const char *network)
{
	char alias[LINK_ALIAS_MAX + 1];

	if (strcmp(link->kind, "veth") != 0 || !veth_is_host_name(link->name))
		return false;
	if (!strncmp(link->alias, ALIAS_PREFIX, strlen(ALIAS_PREFIX)))
		return !strcmp(link->alias, veth_alias(network, alias));
	return link->group == tag_group(network);
}

/* ---- creation ---- */

static int put_peer(struct nl_msg *msg, const char *ifname, int netns_fd,
		    const struct conf_interface *conf)
{
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nlattr *peer = nla_nest_start(msg, VETH_INFO_PEER);

	if (!peer || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0 ||
	    nla_put_string(msg, IFLA_IFNAME, ifname) < 0 ||
	    nla_put_u32(msg, IFLA_NET_NS_FD, (uint32_t)netns_fd) < 0 ||
	    (conf->mtu && nla_put_u32(msg, IFLA_MTU, (uint32_t)conf->mtu) < 0) ||
	    (conf->has_mac && nla_put(msg, IFLA_ADDRESS, ETH_ALEN, conf->mac) < 0))
		return -ENOMEM;
	nla_nest_end(msg, peer);
	return 0;
}

static struct nl_msg *create_request(const struct wire_attachment *a, const char *host,
				     int netns_fd, int bridge_index,
				     const struct conf_interface *conf)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	struct nlattr *info, *data;

	if (!msg || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0 ||
	    nla_put_string(msg, IFLA_IFNAME, host) < 0 ||
	    nla_put_u32(msg, IFLA_GROUP, tag_group(a->network)) < 0 ||
	    (bridge_index && nla_put_u32(msg, IFLA_MASTER, (uint32_t)bridge_index) < 0) ||
	    (conf->mtu && nla_put_u32(msg, IFLA_MTU, (uint32_t)conf->mtu) < 0))
		return NULL;
	info = nla_nest_start(msg, IFLA_LINKINFO);
	if (!info || nla_put_string(msg, IFLA_INFO_KIND, "veth") < 0)
		return NULL;
	data = nla_nest_start(msg, IFLA_INFO_DATA);
	if (!data || put_peer(msg, a->ifname, netns_fd, conf) < 0)
		return NULL;
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	return TAKE_PTR(msg);
}

/* The settings of a bridge's port are sent with AF_BRIDGE (net/bridge/br_netlink.c, br_setport). */
static int set_hairpin(struct nl_sock *sk, const char *host, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(RTM_SETLINK, 0);
	struct ifinfomsg ifi = { .ifi_family = AF_BRIDGE };
	struct nlattr *port;
	struct link link;
	int r = link_get(sk, host, &link, err);

	if (r < 0)
		return r;
	ifi.ifi_index = link.index;
	if (!msg || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0)
		return err_sys(err, ENOMEM, "set hairpin mode of '%s'", host);
	port = nla_nest_start(msg, IFLA_PROTINFO | NLA_F_NESTED);
	if (!port || nla_put_u8(msg, IFLA_BRPORT_MODE, 1) < 0)
		return err_sys(err, ENOMEM, "set hairpin mode of '%s'", host);
	nla_nest_end(msg, port);
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "set hairpin mode of '%s'", host) : 0;
}

int veth_add(struct nl_sock *sk, const struct wire_attachment *a, int netns_fd, int bridge_index,
	     const struct conf_interface *conf, struct err *err)
{
	char host[IFNAMSIZ], alias[LINK_ALIAS_MAX + 1];
	auto_nlmsg struct nl_msg *msg = NULL;
	int r;

	msg = create_request(a, veth_host_name(a, host), netns_fd, bridge_index, conf);
	if (!msg)
		return err_sys(err, ENOMEM, "create veth '%s' with '%s'", host, a->ifname);
	r = nlsock_talk(sk, msg, err);
	if (r < 0 && bridge_index)
		return err_prefix(err, r, "create veth '%s' with '%s' in the pod on '%s'", host,
				  a->ifname, conf->bridge);
	if (r < 0)
		return err_prefix(err, r, "create veth '%s' with '%s' in the pod", host, a->ifname);
	r = link_set_alias(sk, host, veth_alias(a->network, alias), err);
	if (r == 0 && conf->hairpin)
		r = set_hairpin(sk, host, err);
	if (r == 0)
		r = ipv6_refuse_routers(host, err);
	if (r == 0)
		r = link_set_up(sk, host, true, err);
	if (r < 0)
		(void)link_del(sk, host, NULL);
	return r;
}

int veth_del(struct nl_sock *sk, const struct wire_attachment *a, struct err *err)
{
	char host[IFNAMSIZ];
	struct link link;
	int r = link_get(sk, veth_host_name(a, host), &link, err);

	if (r == -ENODEV)
		return 0;
	if (r < 0)
		return r;
	if (!veth_is_of_network(&link, a->network))
		return err_set(
			err, -EPERM,
			"delete interface '%s': it is not ours (kind '%s', alias '%s', group %u)",
			host, link.kind, link.alias, link.group);
	r = link_del(sk, host, err);
	return r == -ENODEV ? 0 : r;
}

int veth_check(struct nl_sock *sk, const struct wire_attachment *a, const struct link *pod,
	       struct link *ret, struct err *err)
{
	char host[IFNAMSIZ];
	int r = link_get_up(sk, veth_host_name(a, host), "on the host", ret, err);

	if (r < 0)
		return r;
	if (strcmp(ret->kind, "veth") != 0 || strcmp(pod->kind, "veth") != 0 ||
	    ret->peer != pod->index || pod->peer != ret->index)
		return err_set(err, -ENOENT,
			       "interfaces '%s' on the host and '%s' of the pod are no pair", host,
			       pod->name);
	return 0;
}
