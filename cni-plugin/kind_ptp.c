/* SPDX-License-Identifier: Apache-2.0 */
/* Kind ptp: a veth pair without a bridge, routed on the host, as the reference plugin `ptp` makes
 * it: the host end has the gateway's address alone and a route to each address of the pod; the pod
 * reaches its gateway, and by it everything else, its own subnet included.
 */
#include <errno.h>

#include "cni-plugin/bridge.h"
#include "cni-plugin/iface.h"
#include "cni-plugin/iface_pod.h"
#include "cni-plugin/kind.h"
#include "cni-plugin/veth.h"
#include "common/addr.h"
#include "common/route.h"

static struct inet_addr alone(const struct inet_addr *addr)
{
	struct inet_addr ret = *addr;

	ret.prefix_len = addr->family == AF_INET ? 32 : 128;
	return ret;
}

static int make(struct kind_work *w, struct err *err)
{
	char host[IFNAMSIZ];
	int r = veth_add(w->host, &w->attachment, w->netns_fd, 0, &w->conf->interface, err);

	if (r < 0)
		return r;
	w->n_links = 1;
	r = link_get(w->host, veth_host_name(&w->attachment, host), &w->links[0], err);
	if (r < 0)
		(void)veth_del(w->host, &w->attachment, NULL);
	return r;
}

static int need_gateway(const struct conf *conf, const struct result_ip *ip, struct inet_addr *ret,
			struct err *err)
{
	char text[INET_TEXT_MAX];

	if (!iface_gateway(conf, ip, ret))
		return err_set(err, -EDESTADDRREQ,
			       "kind ptp needs a gateway for the address '%s': IPAM gave none",
			       inet_format(&ip->address, text));
	return 0;
}

/* The route to the subnet by the gateway. False if that is the same as the one to the gateway on
 * the link. */
static bool subnet_route(const struct link *pod, const struct result_ip *ip,
			 const struct inet_addr *gateway, struct route *ret)
{
	*ret = (struct route){ .dst = ip->address, .gateway = *gateway, .ifindex = pod->index };
	return !inet_equal(&ret->dst, gateway);
}

/* Adds a route to the gateway on the link, and one to the subnet by it. */
static int add_routes(struct kind_work *w, const json_t *result, struct err *err)
{
	const struct link *pod = &w->links[w->n_links - 1];
	struct inet_addr gateway;
	struct result_ip ip;
	int r;

	for (size_t i = 0; result_ip_at(result, i, &ip); i++) {
		struct route to_gateway, to_subnet;

		r = need_gateway(w->conf, &ip, &gateway, err);
		if (r < 0)
			return r;
		gateway = alone(&gateway);
		to_gateway = (struct route){ .dst = gateway,
					     .ifindex = pod->index,
					     .scope = RT_SCOPE_LINK };
		/* They come behind those of another interface that has the same gateway. */
		r = route_append(w->pod, &to_gateway, err);
		if (r == -EEXIST) /* of two addresses with one gateway */
			r = 0;
		if (r == 0 && subnet_route(pod, &ip, &gateway, &to_subnet))
			r = route_append(w->pod, &to_subnet, err);
		if (r < 0 && r != -EEXIST)
			return err_prefix(err, r, "interface '%s' of the pod", pod->name);
	}
	return 0;
}

static struct addr host_addr(const struct link *end, const struct inet_addr *gateway)
{
	return (struct addr){ .ifindex = end->index,
			      .local = alone(gateway),
			      .scope = RT_SCOPE_UNIVERSE,
			      .flags = gateway->family == AF_INET6 ? IFA_F_NODAD : 0 };
}

static struct route host_route(const struct link *end, const struct inet_addr *pod)
{
	return (struct route){ .dst = alone(pod), .ifindex = end->index, .scope = RT_SCOPE_LINK };
}

static int finish(struct kind_work *w, const json_t *result, struct err *err)
{
	const struct link *end = &w->links[0];
	struct inet_addr gateway;
	struct result_ip ip;
	int r = 0;

	for (size_t i = 0; r == 0 && result_ip_at(result, i, &ip); i++) {
		struct route route = host_route(end, &ip.address);
		struct addr addr;

		r = need_gateway(w->conf, &ip, &gateway, err);
		if (r < 0)
			return r;
		addr = host_addr(end, &gateway);
		r = addr_add(w->host, &addr, err);
		if (r == 0 || r == -EEXIST)
			r = route_add(w->host, &route, err);
		if (r < 0)
			return err_prefix(err, r, "interface '%s'", end->name);
		r = bridge_enable_forwarding(gateway.family, NULL, err);
	}
	return r;
}

static int check_pod_routes(struct kind_work *w, const struct result_ip *ip,
			    const struct inet_addr *gateway, struct err *err)
{
	const struct link *pod = &w->links[0];
	struct route to_gateway = { .dst = *gateway, .ifindex = pod->index }, to_subnet;
	int r = iface_pod_check_route(w->pod, &to_gateway, "of the pod", pod, err);

	if (r < 0 || !subnet_route(pod, ip, gateway, &to_subnet))
		return r;
	return iface_pod_check_route(w->pod, &to_subnet, "of the pod", pod, err);
}

static int check(struct kind_work *w, const json_t *result, struct err *err)
{
	struct inet_addr gateway;
	struct result_ip ip;
	struct link end;
	int r = veth_check(w->host, &w->attachment, &w->links[0], &end, err);

	for (size_t i = 0; r == 0 && result_ip_at(result, i, &ip); i++) {
		struct route back = host_route(&end, &ip.address);

		r = need_gateway(w->conf, &ip, &gateway, err);
		if (r < 0)
			return r;
		gateway = alone(&gateway);
		r = check_pod_routes(w, &ip, &gateway, err);
		if (r == 0)
			r = bridge_check_gateway(w->host, &end, &gateway, err);
		if (r == 0)
			r = iface_pod_check_route(w->host, &back, "on the host", &end, err);
		if (r == 0)
			r = bridge_check_forwarding(gateway.family, err);
	}
	return r;
}

static int del(struct kind_work *w, struct err *err)
{
	return veth_del(w->host, &w->attachment, err);
}

const struct kind kind_ptp = {
	.has_host_end = true,
	.addr_flags = IFA_F_NOPREFIXROUTE,
	.make = make,
	.add_routes = add_routes,
	.finish = finish,
	.check = check,
	.del = del,
};
