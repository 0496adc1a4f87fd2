/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/iface.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "cni-plugin/announce.h"
#include "cni-plugin/bridge.h"
#include "cni-plugin/iface_pod.h"
#include "cni-plugin/ipam.h"
#include "cni-plugin/kind.h"
#include "cni-plugin/veth.h"
#include "common/cleanup.h"
#include "common/link.h"
#include "common/log.h"
#include "common/nlsock.h"

bool iface_gateway(const struct conf *conf, const struct result_ip *ip, struct inet_addr *ret)
{
	struct inet_addr gateway = ip->has_gateway ? ip->gateway : ip->address;
	int bits = ip->address.family == AF_INET ? 32 : 128;
	uint8_t *bytes = (uint8_t *)&gateway.v6;

	gateway.prefix_len = ip->address.prefix_len;
	if (ip->has_gateway) {
		*ret = gateway;
		return true;
	}
	if (!(conf->interface.is_gateway || conf->interface.kind == CONF_PTP) ||
	    gateway.prefix_len > bits - 2)
		return false;
	for (int bit = gateway.prefix_len; bit < bits; bit++)
		bytes[bit / 8] &= (uint8_t) ~(0x80 >> (bit % 8));
	bytes[bits / 8 - 1] |= 1;
	*ret = gateway;
	return true;
}

/* ---- the result ---- */

static json_t *interface_json(const struct kind_work *w, int index)
{
	const struct link *link = &w->links[index];
	bool in_pod = index == w->n_links - 1;
	char mac[LINK_MAC_TEXT_MAX];

	return json_pack("{s:s, s:s, s:i, s:s*, s:s*}", "name", link->name, "mac",
			 link_format_mac(link, mac), "mtu", (int)link->mtu, "sandbox",
			 in_pod ? w->env->netns : NULL, "pciID", in_pod && *w->pci ? w->pci : NULL);
}

/* Adds to each address of the lease the pod's interface, which is the last one, and its gateway. */
static int fill_ips(const struct kind_work *w, json_t *result)
{
	char text[INET_TEXT_MAX];
	struct inet_addr gateway;
	struct result_ip ip;

	for (size_t i = 0; result_ip_at(result, i, &ip); i++) {
		json_t *obj = json_array_get(json_object_get(result, "ips"), i);

		if (json_object_set_new(obj, "interface", json_integer(w->n_links - 1)) < 0)
			return -ENOMEM;
		if (iface_gateway(w->conf, &ip, &gateway) &&
		    json_object_set_new(obj, "gateway",
					json_string(inet_format_addr(&gateway, text))) < 0)
			return -ENOMEM;
	}
	return 0;
}

int iface_result(const struct kind_work *w, const json_t *lease, json_t **ret, struct err *err)
{
	json_auto_t *result = lease ? json_deep_copy(lease) : json_object();
	json_t *interfaces = json_array();

	for (int i = 0; i < w->n_links; i++) {
		if (json_array_append_new(interfaces, interface_json(w, i)) < 0)
			return err_sys(err, ENOMEM, "write result");
	}
	if (json_object_set_new(result, "interfaces", interfaces) < 0 || fill_ips(w, result) < 0 ||
	    iface_pod_add_default_routes(result, w->conf) < 0 ||
	    (w->conf->dns && json_object_set(result, "dns", w->conf->dns) < 0))
		return err_sys(err, ENOMEM, "write result");
	*ret = TAKE_PTR(result);
	return 0;
}

/* ---- the verbs ---- */

/* True if an IPAM plugin has asked over the interface and brought it up: the kernel then says
 * nothing of the addresses that come later. Kind veth tells of them by itself, as soon as the
 * bridge lets it. */
static bool needs_arp(struct kind_work *w, const struct link *pod)
{
	const struct kind *kind = kind_of(w->conf);
	struct link now;

	return kind->is_shared && !kind->has_host_end && ipam_uses_interface(w->conf) &&
	       link_get_by_index(w->pod, pod->index, &now, NULL) == 0 && now.up;
}

int iface_set_up(struct kind_work *w, const json_t *result, struct err *err)
{
	const struct kind *kind = kind_of(w->conf);
	const struct link *pod = &w->links[w->n_links - 1];
	bool v4 = needs_arp(w, pod);
	int r = iface_pod_up(w->pod, w->netns_fd, pod, result, kind->addr_flags, err);

	if (r == 0 && kind->add_routes)
		r = kind->add_routes(w, result, err);
	if (r == 0)
		r = iface_pod_add_routes(w->pod, pod, result, err);
	if (r == 0 && kind->finish)
		r = kind->finish(w, result, err);
	if (r == 0 && kind->is_shared)
		announce(w->netns_fd, pod, result, v4);
	return r;
}

static int name_free(struct nl_sock *sk, const char *name, const char *where, struct err *err)
{
	struct link link;
	int r = link_get(sk, name, &link, err);

	if (r == 0)
		return err_set(err, -EEXIST, "create interface '%s' %s: it exists", name, where);
	return r == -ENODEV ? 0 : r;
}

int iface_open(const struct env *env, const struct conf *conf, int netns_fd, struct kind_work *ret,
	       struct err *err)
{
	auto_nlsock struct nl_sock *host = NULL, *pod = NULL;
	struct kind_work w = { .env = env, .conf = conf, .netns_fd = netns_fd };
	int r = nlsock_open(-1, NETLINK_ROUTE, IFACE_NETLINK_MS, &host, err);

	if (r == 0 && netns_fd >= 0)
		r = nlsock_open(netns_fd, NETLINK_ROUTE, IFACE_NETLINK_MS, &pod, err);
	if (r < 0)
		return r;
	env_attachment(env, conf->name, &w.attachment);
	w.host = TAKE_PTR(host);
	w.pod = TAKE_PTR(pod);
	*ret = w;
	return 0;
}

void iface_close(struct kind_work *w)
{
	nlsock_close(&w->host);
	nlsock_close(&w->pod);
}

int iface_make(struct kind_work *w, struct err *err)
{
	const struct kind *kind = kind_of(w->conf);
	int r = kind->make(w, err);
	struct link *pod;

	if (r < 0)
		return r;
	pod = &w->links[w->n_links++];
	r = link_get(w->pod, w->env->ifname, pod, err);
	if (r == 0 && kind->is_shared)
		r = iface_pod_set_arp_notify(w->pod, pod, err);
	if (r == 0 && *w->conf->ipam_type)
		r = iface_pod_refuse_routers(w->netns_fd, pod->name, err);
	if (r < 0)
		iface_undo(w);
	return r;
}

int iface_free(const struct kind_work *w, struct err *err)
{
	char host[IFNAMSIZ];
	int r = 0;

	if (kind_of(w->conf)->has_host_end)
		r = name_free(w->host, veth_host_name(&w->attachment, host), "on the host", err);
	return r < 0 ? r : name_free(w->pod, w->env->ifname, "in the pod", err);
}

void iface_undo(struct kind_work *w)
{
	struct err err = ERR_INIT;

	if (kind_of(w->conf)->del(w, &err) < 0)
		log_warn("remove the interface of a failed ADD, ignoring", "err", err.msg);
	if (w->made_bridge)
		bridge_undo(w->host, w->conf->interface.bridge);
}

int iface_ready(const struct env *env, const struct conf *conf, struct err *err)
{
	auto_with(iface_close) struct kind_work w = { .env = NULL };
	int r;

	if (!kind_of(conf)->ready)
		return 0;
	r = iface_open(env, conf, -1, &w, err);
	return r < 0 ? r : kind_of(conf)->ready(&w, err);
}

int iface_del(const struct env *env, const struct conf *conf, int netns_fd, struct err *err)
{
	auto_with(iface_close) struct kind_work w = { .env = NULL };
	bool needs_pod = !kind_of(conf)->has_host_end;
	int r = iface_open(env, conf, needs_pod ? netns_fd : -1, &w, err);

	w.netns_fd = netns_fd;
	return r < 0 ? r : kind_of(conf)->del(&w, err);
}
