/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/bridge.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "cni-plugin/ipv6.h"
#include "cni-plugin/lock.h"
#include "common/addr.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/fault.h"
#include "common/log.h"
#include "common/nlsock.h"

/* A bridge keeps an address that it is given at its birth; otherwise it would take the lowest of
 * its ports' with each pod (net/bridge/br_stp_if.c, br_stp_recalculate_bridge_id). */
static int random_mac(uint8_t mac[ETH_ALEN])
{
	if (getrandom(mac, ETH_ALEN, 0) != ETH_ALEN)
		return -EIO;
	mac[0] = (uint8_t)((mac[0] & 0xfe) | 0x02); /* unicast, locally administered */
	return 0;
}

static struct nl_msg *create_request(const struct conf_interface *conf)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL);
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC };
	uint8_t mac[ETH_ALEN];
	struct nlattr *info, *data;

	if (!msg || random_mac(mac) < 0 ||
	    nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0 ||
	    nla_put_string(msg, IFLA_IFNAME, conf->bridge) < 0 ||
	    nla_put(msg, IFLA_ADDRESS, sizeof(mac), mac) < 0 ||
	    (conf->mtu && nla_put_u32(msg, IFLA_MTU, (uint32_t)conf->mtu) < 0))
		return NULL;
	info = nla_nest_start(msg, IFLA_LINKINFO);
	if (!info || nla_put_string(msg, IFLA_INFO_KIND, "bridge") < 0)
		return NULL;
	if (conf->vlan) {
		data = nla_nest_start(msg, IFLA_INFO_DATA);
		if (!data || nla_put_u8(msg, IFLA_BR_VLAN_FILTERING, 1) < 0)
			return NULL;
		nla_nest_end(msg, data);
	}
	nla_nest_end(msg, info);
	return TAKE_PTR(msg);
}

static int create(struct nl_sock *sk, const struct conf_interface *conf, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = create_request(conf);
	const char *name = conf->bridge;
	int r;

	if (!msg)
		return err_sys(err, ENOMEM, "create bridge '%s'", name);
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "create bridge '%s'", name) : 0;
}

int bridge_apply(struct nl_sock *sk, const struct conf_interface *conf, struct link *ret,
		 bool *ret_made, struct err *err)
{
	const char *name = conf->bridge;
	struct link link;
	int r = link_get(sk, name, &link, err);

	if (r == -ENODEV) {
		r = create(sk, conf, err);
		if (r < 0 && r != -EEXIST) /* another pod's ADD was quicker */
			return r;
		*ret_made = r == 0;
		r = link_get(sk, name, &link, err);
	}
	if (r < 0)
		return r;
	if (strcmp(link.kind, "bridge") != 0)
		return err_set(err, -ENOTUNIQ, "use bridge '%s': it is not a bridge but '%s'", name,
			       *link.kind ? link.kind : "a device");
	if (conf->vlan && !link.vlan_filtering)
		return err_set(err, -EOPNOTSUPP,
			       "put a port of bridge '%s' into a VLAN: vlan_filtering is off there",
			       name);
	if (!link.up) {
		r = ipv6_refuse_routers(name, err);
		if (r == 0)
			r = link_set_up(sk, name, true, err);
	}
	if (r == 0)
		*ret = link;
	return r;
}

int bridge_hold(struct err *err)
{
	return lock_node(LOCK_BRIDGES, true, clock_now_ms() + LOCK_NODE_MS, err);
}

void bridge_undo(struct nl_sock *sk, const char *name)
{
	auto_close int alone = lock_node(LOCK_BRIDGES, false, 0, NULL);
	auto_free struct link *ports = NULL;
	struct err err = ERR_INIT;
	struct link bridge;

	if (alone < 0 || link_get(sk, name, &bridge, NULL) < 0 ||
	    link_ports(sk, bridge.index, &ports, NULL) != 0)
		return;
	if (link_del(sk, name, &err) < 0)
		log_warn("remove the bridge of a failed ADD, ignoring", "err", err.msg);
}

static struct addr gateway_addr(const struct link *bridge, const struct inet_addr *gateway)
{
	return (struct addr){ .ifindex = bridge->index,
			      .local = *gateway,
			      .scope = RT_SCOPE_UNIVERSE,
			      .flags = gateway->family == AF_INET6 ? IFA_F_NODAD : 0 };
}

int bridge_add_gateway(struct nl_sock *sk, const struct link *bridge,
		       const struct inet_addr *gateway, struct err *err)
{
	struct addr addr = gateway_addr(bridge, gateway);
	int r = addr_add(sk, &addr, err);

	/* As in the pods: somebody may take the bridge down and up again. */
	if ((r == 0 || r == -EEXIST) && gateway->family == AF_INET6)
		r = ipv6_set_if_possible(-1, bridge->name, "keep_addr_on_down", "1", err);
	return r < 0 && r != -EEXIST ? err_prefix(err, r, "bridge '%s'", bridge->name) : 0;
}

int bridge_check_gateway(struct nl_sock *sk, const struct link *bridge,
			 const struct inet_addr *gateway, struct err *err)
{
	auto_free struct addr *list = NULL;
	char text[INET_TEXT_MAX];
	int n = addr_list(sk, gateway->family, bridge->index, &list, err);

	for (int i = 0; i < n; i++) {
		if (inet_equal(&list[i].local, gateway))
			return 0;
	}
	return n < 0 ? n :
		       err_set(err, -ENOENT, "interface '%s' lacks the gateway address '%s'",
			       bridge->name, inet_format(gateway, text));
}

static const char *forwarding_path(int family)
{
	return family == AF_INET ? "/proc/sys/net/ipv4/ip_forward" :
				   "/proc/sys/net/ipv6/conf/all/forwarding";
}

/* 1, or 0 if it is off. */
static int is_forwarding(int family, struct err *err)
{
	const char *path = forwarding_path(family);
	auto_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	char now;

	if (fd < 0)
		return err_sys(err, errno, "open '%s'", path);
	if (read(fd, &now, 1) != 1)
		return err_sys(err, errno, "read '%s'", path);
	return now != '0';
}

int bridge_enable_forwarding(int family, const char *but, struct err *err)
{
	const char *path = forwarding_path(family);
	auto_close int fd = -1;
	int r = is_forwarding(family, err);

	FAULT_POINT("forwarding", err);
	/* Writing takes rtnl and walks all interfaces, and /proc/sys may be read-only; in most
	 * cases there is nothing to do. */
	if (r != 0)
		return r < 0 ? r : 0;
	if (family == AF_INET6) {
		r = ipv6_keep_routers(but, err);
		if (r < 0)
			return r;
	}
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) != 1)
		return err_sys(err, errno, "enable forwarding of IPv%d ('%s')",
			       family == AF_INET ? 4 : 6, path);
	return 0;
}

int bridge_check_forwarding(int family, struct err *err)
{
	int r = is_forwarding(family, err);

	if (r != 0)
		return r < 0 ? r : 0;
	return err_set(err, -ENOENT, "the node does not forward IPv%d", family == AF_INET ? 4 : 6);
}
