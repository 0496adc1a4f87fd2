/* SPDX-License-Identifier: Apache-2.0 */
/* Kind veth: a pair whose host end is a port of a bridge, as the reference plugin `bridge` makes
 * it. */
#include <errno.h>
#include <netinet/in.h> /* before linux/in6.h, which then leaves out what libc has */

#include <linux/if_bridge.h>
#include <time.h>
#include <unistd.h>

#include "cni-plugin/bridge.h"
#include "cni-plugin/iface.h"
#include "cni-plugin/iface_pod.h"
#include "cni-plugin/kind.h"
#include "cni-plugin/veth.h"
#include "common/cleanup.h"

#define PORT_TRIES 1000 /* of half a millisecond */

/* In links: bridge, host end. */
static int make_pair(struct kind_work *w, struct err *err)
{
	struct conf_interface conf = w->conf->interface;
	auto_close int hold = bridge_hold(err);
	int r;

	if (hold < 0)
		return hold;
	r = bridge_apply(w->host, &conf, &w->links[0], &w->made_bridge, err);
	if (r < 0)
		return r;
	/* A bridge takes the smallest MTU of its ports. */
	if (!conf.mtu)
		conf.mtu = (int)w->links[0].mtu;
	return veth_add(w->host, &w->attachment, w->netns_fd, w->links[0].index, &conf, err);
}

static int make(struct kind_work *w, struct err *err)
{
	char host[IFNAMSIZ];
	int r = make_pair(w, err);

	if (r == 0) {
		w->n_links = 2;
		r = link_get(w->host, veth_host_name(&w->attachment, host), &w->links[1], err);
		if (r == 0 && w->conf->interface.vlan)
			r = bridge_set_vlan(w->host, &w->links[1], w->conf->interface.vlan, err);
		if (r < 0)
			(void)veth_del(w->host, &w->attachment, NULL);
	}
	if (r < 0 && w->made_bridge)
		bridge_undo(w->host, w->conf->interface.bridge);
	return r;
}

/* The bridge learns from the kernel's link watch, a moment after the pod's end is up, that its new
 * port has a carrier. What the pod sends before that is lost, such as the gratuitous ARP of its
 * coming up. With STP on, the port gets no further than listening for now. */
static int announce_when_forwarding(struct kind_work *w, struct err *err)
{
	const struct timespec pause = { .tv_nsec = 500000 };
	const struct link *pod = &w->links[w->n_links - 1];
	struct link port = { .port_state = BR_STATE_DISABLED };

	for (int i = 0; i < PORT_TRIES; i++) {
		int r = link_get_by_index(w->host, w->links[1].index, &port, err);

		if (r < 0)
			return r;
		if (port.port_state != BR_STATE_DISABLED)
			break;
		(void)nanosleep(&pause, NULL);
	}
	return link_set_mac(w->pod, pod, pod->mac, err);
}

static int finish(struct kind_work *w, const json_t *result, struct err *err)
{
	struct inet_addr gateway;
	struct result_ip ip;
	int r = result_ip_at(result, 0, &ip) ? announce_when_forwarding(w, err) : 0;

	if (r < 0)
		return r;
	for (size_t i = 0; w->conf->interface.is_gateway && result_ip_at(result, i, &ip); i++) {
		if (!iface_gateway(w->conf, &ip, &gateway))
			continue;
		r = bridge_add_gateway(w->host, &w->links[0], &gateway, err);
		if (r == 0)
			r = bridge_enable_forwarding(gateway.family, w->links[0].name, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check(struct kind_work *w, const json_t *result, struct err *err)
{
	struct link bridge, end;
	struct inet_addr gateway;
	struct result_ip ip;
	int r = link_get_up(w->host, w->conf->interface.bridge, "(the bridge)", &bridge, err);

	if (r == 0)
		r = veth_check(w->host, &w->attachment, &w->links[0], &end, err);
	if (r < 0)
		return r;
	if (end.master != bridge.index)
		return err_set(err, -ENOENT, "interface '%s' is not on the bridge '%s'", end.name,
			       bridge.name);
	if (w->conf->interface.hairpin && !end.port_hairpin)
		return err_set(err, -ENOENT, "interface '%s' is not in hairpin mode", end.name);
	if (w->conf->interface.vlan) {
		r = bridge_check_vlan(w->host, &end, w->conf->interface.vlan, err);
		if (r < 0)
			return r;
	}
	for (size_t i = 0; w->conf->interface.is_gateway && result_ip_at(result, i, &ip); i++) {
		if (!iface_gateway(w->conf, &ip, &gateway))
			continue;
		r = bridge_check_gateway(w->host, &bridge, &gateway, err);
		if (r == 0)
			r = bridge_check_forwarding(gateway.family, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int del(struct kind_work *w, struct err *err)
{
	return veth_del(w->host, &w->attachment, err);
}

const struct kind kind_veth = {
	.has_host_end = true,
	.is_shared = true,
	.make = make,
	.finish = finish,
	.check = check,
	.del = del,
};
