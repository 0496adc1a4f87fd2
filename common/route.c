/* SPDX-License-Identifier: Apache-2.0 */
#include "common/route.h"

#include <errno.h>
#include <netlink/attr.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/nlsock.h"

struct found {
	uint32_t table; /* 0: any */
	struct route *routes;
	int n;
};

#define V6_METRIC 1024 /* include/net/ip6_route.h: IP6_RT_PRIO_USER */
#define TEXT_MAX (2 * INET_TEXT_MAX + 8)

static const char *text_of(const struct route *route, char buf[TEXT_MAX])
{
	char dst[INET_TEXT_MAX], gateway[INET_TEXT_MAX];

	if (route->gateway.family == AF_UNSPEC)
		return inet_format(&route->dst, buf);
	(void)snprintf(buf, TEXT_MAX, "%s via %s", inet_format(&route->dst, dst),
		       inet_format_addr(&route->gateway, gateway));
	return buf;
}

static int bytes_of(const struct inet_addr *addr)
{
	return addr->family == AF_INET ? (int)sizeof(addr->v4) : (int)sizeof(addr->v6);
}

/* The kernel refuses destinations with host bits. */
static struct inet_addr masked(const struct inet_addr *addr)
{
	struct inet_addr ret = *addr;
	uint8_t *bytes = (uint8_t *)&ret.v6;

	for (int i = 0; i < bytes_of(&ret); i++) {
		int bits = addr->prefix_len - 8 * i;

		if (bits <= 0)
			bytes[i] = 0;
		else if (bits < 8)
			bytes[i] &= (uint8_t)(0xff << (8 - bits));
	}
	return ret;
}

static int put_metrics(struct nl_msg *msg, const struct route *route)
{
	struct nlattr *metrics;

	if (route->mtu == 0 && route->advmss == 0)
		return 0;
	metrics = nla_nest_start(msg, RTA_METRICS);
	if (!metrics || (route->mtu && nla_put_u32(msg, RTAX_MTU, route->mtu) < 0) ||
	    (route->advmss && nla_put_u32(msg, RTAX_ADVMSS, route->advmss) < 0))
		return -ENOMEM;
	nla_nest_end(msg, metrics);
	return 0;
}

static struct nl_msg *request(int type, int flags, const struct route *route)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(type, flags);
	struct inet_addr dst = masked(&route->dst);
	uint32_t table = route->table ? route->table : RT_TABLE_MAIN;
	struct rtmsg rtm = {
		.rtm_family = (uint8_t)dst.family,
		.rtm_dst_len = dst.prefix_len,
		.rtm_table = table < 256 ? (uint8_t)table : RT_TABLE_UNSPEC,
		.rtm_protocol = route->protocol || type == RTM_DELROUTE ? route->protocol :
									  RTPROT_STATIC,
		.rtm_scope = route->scope,
		.rtm_type = RTN_UNICAST,
	};

	if (!msg || nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO) < 0 ||
	    nla_put_u32(msg, RTA_TABLE, table) < 0 ||
	    nla_put_u32(msg, RTA_OIF, (uint32_t)route->ifindex) < 0 || put_metrics(msg, route) < 0)
		return NULL;
	if (dst.prefix_len && nla_put(msg, RTA_DST, bytes_of(&dst), &dst.v6) < 0)
		return NULL;
	if (route->gateway.family != AF_UNSPEC &&
	    nla_put(msg, RTA_GATEWAY, bytes_of(&route->gateway), &route->gateway.v6) < 0)
		return NULL;
	if (route->priority && nla_put_u32(msg, RTA_PRIORITY, route->priority) < 0)
		return NULL;
	return TAKE_PTR(msg);
}

static int change(struct nl_sock *sk, int type, int flags, const char *verb,
		  const struct route *route, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = request(type, flags, route);
	char text[TEXT_MAX];
	int r;

	if (!msg)
		return err_sys(err, ENOMEM, "%s route '%s'", verb, text_of(route, text));
	r = nlsock_talk(sk, msg, err);
	return r < 0 ? err_prefix(err, r, "%s route '%s'", verb, text_of(route, text)) : 0;
}

int route_add(struct nl_sock *sk, const struct route *route, struct err *err)
{
	return change(sk, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, "add", route, err);
}

int route_del(struct nl_sock *sk, const struct route *route, struct err *err)
{
	return change(sk, RTM_DELROUTE, 0, "delete", route, err);
}

/* ---- reading ---- */

static int take_inet(const struct nlattr *attr, int family, uint8_t prefix_len,
		     struct inet_addr *ret)
{
	struct inet_addr addr = { .family = family, .prefix_len = prefix_len };

	if (attr && nla_len(attr) != bytes_of(&addr))
		return -EPROTO;
	if (attr)
		memcpy(&addr.v6, nla_data(attr), (size_t)bytes_of(&addr));
	*ret = addr;
	return 0;
}

static void take_metrics(struct nlattr *attr, struct route *ret)
{
	struct nlattr *metrics[RTAX_MAX + 1];

	if (nla_parse_nested(metrics, RTAX_MAX, attr, NULL) < 0)
		return;
	if (metrics[RTAX_MTU])
		ret->mtu = nla_get_u32(metrics[RTAX_MTU]);
	if (metrics[RTAX_ADVMSS])
		ret->advmss = nla_get_u32(metrics[RTAX_ADVMSS]);
}

static int parse(const struct rtmsg *rtm, struct nlattr **attrs, struct route *ret)
{
	int family = rtm->rtm_family;
	struct route route = { .table = rtm->rtm_table,
			       .scope = rtm->rtm_scope,
			       .protocol = rtm->rtm_protocol };
	int r = take_inet(attrs[RTA_DST], family, rtm->rtm_dst_len, &route.dst);

	if (r == 0 && attrs[RTA_GATEWAY])
		r = take_inet(attrs[RTA_GATEWAY], family, family == AF_INET ? 32 : 128,
			      &route.gateway);
	if (r < 0)
		return r;
	if (attrs[RTA_TABLE])
		route.table = nla_get_u32(attrs[RTA_TABLE]);
	if (attrs[RTA_PRIORITY])
		route.priority = nla_get_u32(attrs[RTA_PRIORITY]);
	if (attrs[RTA_METRICS])
		take_metrics(attrs[RTA_METRICS], &route);
	route.ifindex = (int)nla_get_u32(attrs[RTA_OIF]);
	*ret = route;
	return 0;
}

static int take_route(const struct nlmsghdr *nlh, void *arg)
{
	const struct rtmsg *rtm = nlmsg_data(nlh);
	struct nlattr *attrs[RTA_MAX + 1];
	struct found *found = arg;
	struct route route, *more;
	int r;

	if (nlh->nlmsg_type != RTM_NEWROUTE || rtm->rtm_type != RTN_UNICAST ||
	    (rtm->rtm_family != AF_INET && rtm->rtm_family != AF_INET6))
		return 0;
	if (nla_parse(attrs, RTA_MAX, nlmsg_attrdata(nlh, sizeof(*rtm)),
		      nlmsg_attrlen(nlh, sizeof(*rtm)), NULL) < 0)
		return -EPROTO;
	if (!attrs[RTA_OIF])
		return 0;
	r = parse(rtm, attrs, &route);
	if (r < 0 || (found->table && route.table != found->table))
		return r;
	more = reallocarray(found->routes, (size_t)found->n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	found->routes = more;
	found->routes[found->n++] = route;
	return 0;
}

static void forget(void *arg)
{
	((struct found *)arg)->n = 0;
}

int route_list(struct nl_sock *sk, int family, uint32_t table, struct route **ret, struct err *err)
{
	auto_nlmsg struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETROUTE, NLM_F_DUMP);
	struct found found = { .table = table };
	struct rtmsg rtm = { .rtm_family = (uint8_t)family };
	int r;

	if (!msg || nlmsg_append(msg, &rtm, sizeof(rtm), NLMSG_ALIGNTO) < 0)
		return err_sys(err, ENOMEM, "list routes");
	r = nlsock_dump(sk, msg, take_route, forget, &found, err);
	if (r < 0) {
		free(found.routes);
		return err_prefix(err, r, "list routes");
	}
	*ret = found.routes;
	return found.n;
}

/* Whether the interface has a route to the destination and by the gateway. */
static int is_there(struct nl_sock *sk, const struct route *route, struct err *err)
{
	auto_free struct route *list = NULL;
	struct inet_addr dst = masked(&route->dst);
	uint32_t table = route->table ? route->table : RT_TABLE_MAIN;
	int n = route_list(sk, dst.family, table, &list, err);

	for (int i = 0; list && i < n; i++) {
		if (list[i].ifindex == route->ifindex && inet_equal(&list[i].dst, &dst) &&
		    list[i].gateway.family == route->gateway.family &&
		    (route->gateway.family == AF_UNSPEC ||
		     inet_equal(&list[i].gateway, &route->gateway)))
			return 1;
	}
	return n < 0 ? n : 0;
}

/* IPv6 makes one route with several next hops of routes with the same metric, and spreads
 * connections over them. So the second route gets a metric of its own. */
static int append_v6(struct nl_sock *sk, const struct route *route, struct err *err)
{
	struct route behind = *route;
	int r = route_add(sk, route, err), there;

	if (r != -EEXIST)
		return r;
	there = is_there(sk, route, err);
	if (there != 0)
		return there < 0 ? there : r;
	behind.priority =
		(route->priority ? route->priority : V6_METRIC) + (uint32_t)route->ifindex;
	return route_add(sk, &behind, err);
}

int route_append(struct nl_sock *sk, const struct route *route, struct err *err)
{
	struct err local = ERR_INIT;
	int r;

	if (route->dst.family != AF_INET6)
		return change(sk, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_APPEND, "add", route, err);
	r = append_v6(sk, route, &local);
	return r < 0 ? err_set(err, r, "%s", local.msg) : 0;
}
