/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/iface_pod.h"

#include <errno.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <string.h>

#include "cni-plugin/ipv6.h"
#include "common/addr.h"
#include "common/cleanup.h"
#include "common/nlsock.h"
#include "common/result.h"
#include "common/route.h"

static bool has_ipv6(const json_t *result)
{
	struct result_ip ip;

	for (size_t i = 0; result_ip_at(result, i, &ip); i++) {
		if (ip.address.family == AF_INET6)
			return true;
	}
	return false;
}

/* Duplicate address detection is off by the flag of our addresses, too: what the setting adds is
 * that the link-local address is usable at once. */
static int set_up_ipv6(int netns_fd, const char *ifname, struct err *err)
{
	int r = ipv6_set_if_possible(netns_fd, ifname, "accept_dad", "0", err);

	if (r == 0)
		r = ipv6_set(netns_fd, ifname, "disable_ipv6", "0", err);
	/* A plugin behind ours may take the link down and up again. */
	if (r == 0)
		r = ipv6_set_if_possible(netns_fd, ifname, "keep_addr_on_down", "1", err);
	return r < 0 ? err_prefix(err, r, "IPv6 in the pod") : 0;
}

int iface_pod_refuse_routers(int netns_fd, const char *ifname, struct err *err)
{
	int r = ipv6_set_if_possible(netns_fd, ifname, "accept_ra", "0", err);

	if (r == 0)
		r = ipv6_set_if_possible(netns_fd, ifname, "autoconf", "0", err);
	return r < 0 ? err_prefix(err, r, "IPv6 in the pod") : 0;
}

/* ---- routes ---- */

/* The gateway of the first address of the family. */
static bool gateway_for(const json_t *result, int family, struct inet_addr *ret)
{
	struct result_ip ip;

	for (size_t i = 0; result_ip_at(result, i, &ip); i++) {
		if (ip.address.family == family && ip.has_gateway) {
			*ret = ip.gateway;
			return true;
		}
	}
	return false;
}

static struct route to_route(const json_t *result, const struct link *link,
			     const struct result_route *in)
{
	struct route route = { .dst = in->dst,
			       .ifindex = link->index,
			       .table = in->table,
			       .priority = in->priority,
			       .mtu = in->mtu,
			       .advmss = in->advmss };

	if (in->has_gateway)
		route.gateway = in->gateway;
	else if (in->scope != RT_SCOPE_LINK)
		(void)gateway_for(result, in->dst.family, &route.gateway);
	if (in->scope >= 0)
		route.scope = (uint8_t)in->scope;
	else
		route.scope = route.gateway.family ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
	return route;
}

static bool has_default_route(const json_t *result, int family)
{
	struct result_route route;

	for (size_t i = 0; result_route_at(result, i, &route); i++) {
		if (route.dst.family == family && route.dst.prefix_len == 0)
			return true;
	}
	return false;
}

int iface_pod_add_default_routes(json_t *result, const struct conf *conf)
{
	static const int families[] = { AF_INET, AF_INET6 };
	char text[INET_TEXT_MAX];
	struct inet_addr gateway;

	for (size_t i = 0; conf->interface.is_default_gateway && i < ARRAY_SIZE(families); i++) {
		json_t *routes = json_object_get(result, "routes");
		json_t *route;

		if (has_default_route(result, families[i]) ||
		    !gateway_for(result, families[i], &gateway))
			continue;
		route = json_pack("{s:s, s:s}", "dst",
				  families[i] == AF_INET ? "0.0.0.0/0" : "::/0", "gw",
				  inet_format_addr(&gateway, text));
		if (!routes) {
			if (json_object_set_new(result, "routes", json_pack("[o]", route)) < 0)
				return -ENOMEM;
		} else if (json_array_append_new(routes, route) < 0) {
			return -ENOMEM;
		}
	}
	return 0;
}

/* ---- apply and check ---- */

/* With it the kernel sends a gratuitous ARP for each address when the interface comes up
 * (net/ipv4/devinet.c, inetdev_event). */
int iface_pod_set_arp_notify(struct nl_sock *sk, const struct link *link, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(RTM_SETLINK, 0);
	struct ifinfomsg ifi = { .ifi_family = AF_UNSPEC, .ifi_index = link->index };
	struct nlattr *spec, *inet, *conf;
	int r;

	if (!msg || nlmsg_append(msg, &ifi, sizeof(ifi), NLMSG_ALIGNTO) < 0)
		return err_sys(err, ENOMEM, "write message");
	spec = nla_nest_start(msg, IFLA_AF_SPEC);
	inet = spec ? nla_nest_start(msg, AF_INET) : NULL;
	conf = inet ? nla_nest_start(msg, IFLA_INET_CONF) : NULL;
	if (!conf || nla_put_u32(msg, IPV4_DEVCONF_ARP_NOTIFY, 1) < 0)
		return err_sys(err, ENOMEM, "write message");
	nla_nest_end(msg, conf);
	nla_nest_end(msg, inet);
	nla_nest_end(msg, spec);
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "set arp_notify of interface '%s' of the pod",
				  link->name) :
		       0;
}

static int add_addresses(struct nl_sock *sk, const struct link *link, const json_t *result,
			 int family, uint32_t flags, struct err *err)
{
	struct result_ip ip;
	int r;

	for (size_t i = 0; result_ip_at(result, i, &ip); i++) {
		struct addr addr = { .ifindex = link->index,
				     .local = ip.address,
				     .scope = RT_SCOPE_UNIVERSE,
				     .flags = flags };

		if (ip.address.family != family)
			continue;
		r = addr_add(sk, &addr, err);
		if (r < 0)
			return err_prefix(err, r, "interface '%s' of the pod", link->name);
	}
	return 0;
}

/* IPv4 addresses come before the link is up, for arp_notify; IPv6 ones after it, for their
 * routes. */
int iface_pod_up(struct nl_sock *sk, int netns_fd, const struct link *link, const json_t *result,
		 uint32_t addr_flags, struct err *err)
{
	bool v6 = has_ipv6(result);
	int r = add_addresses(sk, link, result, AF_INET, addr_flags, err);

	if (r == 0 && v6)
		r = set_up_ipv6(netns_fd, link->name, err);
	if (r == 0)
		r = link_set_up(sk, link->name, true, err);
	if (r < 0)
		return r;
	return add_addresses(sk, link, result, AF_INET6, addr_flags | IFA_F_NODAD, err);
}

int iface_pod_add_routes(struct nl_sock *sk, const struct link *link, const json_t *result,
			 struct err *err)
{
	struct result_route in;
	int r;

	for (size_t i = 0; result_route_at(result, i, &in); i++) {
		struct route route = to_route(result, link, &in);

		/* A pod may have two interfaces of one network: the first one's route comes
		 * first. */
		r = route_append(sk, &route, err);
		if (r < 0)
			return err_prefix(err, r, "interface '%s' of the pod", link->name);
	}
	return 0;
}

/* The kernel makes these of larger values (net/ipv4/metrics.c). */
#define ROUTE_MTU_MAX (65535 - 15)
#define ROUTE_ADVMSS_MAX (65535 - 40)

static uint32_t at_most(uint32_t value, uint32_t max)
{
	return value < max ? value : max;
}

static int check_addresses(struct nl_sock *sk, const struct link *link, const json_t *result,
			   struct err *err)
{
	auto_free struct addr *list = NULL;
	char text[INET_TEXT_MAX];
	struct result_ip ip;
	int n = addr_list(sk, AF_UNSPEC, link->index, &list, err);

	if (n < 0)
		return n;
	for (size_t i = 0; result_ip_at(result, i, &ip); i++) {
		bool found = false;

		for (int k = 0; k < n && !found; k++)
			found = inet_equal(&list[k].local, &ip.address);
		if (!found)
			return err_set(err, -ENOENT,
				       "interface '%s' of the pod lacks the address '%s'",
				       link->name, inet_format(&ip.address, text));
	}
	return 0;
}

/* Compares a route that is there, by destination and gateway, with all else that the result says of
 * it, and only with that. */
static bool is_as_listed(const struct route *there, const struct result_route *in,
			 const struct link *link)
{
	bool v6 = in->dst.family == AF_INET6;

	/* route_append() may have put it behind another interface's, with a larger metric. */
	if (in->priority && there->priority != in->priority &&
	    !(v6 && there->priority == in->priority + (uint32_t)link->index))
		return false;
	/* For IPv6 the kernel lets it follow the interface's MTU (net/ipv6/route.c,
	 * rt6_mtu_change_route). */
	if (in->mtu && there->mtu != at_most(in->mtu, ROUTE_MTU_MAX) &&
	    !(v6 && there->mtu == link->mtu))
		return false;
	if (in->advmss && there->advmss != at_most(in->advmss, ROUTE_ADVMSS_MAX))
		return false;
	return in->scope < 0 || v6 || there->scope == in->scope; /* IPv6 has none */
}

static bool same_way(const struct route *a, const struct route *b)
{
	return a->ifindex == b->ifindex && a->dst.prefix_len == b->dst.prefix_len &&
	       inet_covers(&a->dst, &b->dst) &&
	       (b->gateway.family == AF_UNSPEC || inet_equal(&a->gateway, &b->gateway));
}

/* in: what the result says, or NULL. */
static int check_route(struct nl_sock *sk, const struct route *wanted,
		       const struct result_route *in, const char *where, const struct link *link,
		       struct err *err)
{
	auto_free struct route *list = NULL;
	const struct route *other = NULL;
	char text[INET_TEXT_MAX];
	int n = route_list(sk, wanted->dst.family, wanted->table, &list, err);

	if (n < 0)
		return n;
	for (int i = 0; i < n; i++) {
		if (!same_way(&list[i], wanted))
			continue;
		if (!in || is_as_listed(&list[i], in, link))
			return 0;
		other = &list[i];
	}
	(void)inet_format(&wanted->dst, text);
	if (other)
		return err_set(
			err, -ENOENT,
			"interface '%s' %s has the route to '%s' not as the result has it, but with "
			"priority %u, mtu %u, advmss %u, scope %u",
			link->name, where, text, other->priority, other->mtu, other->advmss,
			other->scope);
	return err_set(err, -ENOENT, "interface '%s' %s lacks the route to '%s'", link->name, where,
		       text);
}

int iface_pod_check_route(struct nl_sock *sk, const struct route *wanted, const char *where,
			  const struct link *link, struct err *err)
{
	return check_route(sk, wanted, NULL, where, link, err);
}

int iface_pod_check(struct nl_sock *sk, const struct link *link, const json_t *result,
		    struct err *err)
{
	struct result_route in;
	int r = check_addresses(sk, link, result, err);

	for (size_t i = 0; r == 0 && result_route_at(result, i, &in); i++) {
		struct route wanted = to_route(result, link, &in);

		r = check_route(sk, &wanted, &in, "of the pod", link, err);
	}
	return r;
}
