#include "cni-plugin/iface.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "cni-plugin/bridge.h"
#include "cni-plugin/iface_pod.h"
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
	if (!conf->interface.is_gateway || gateway.prefix_len > bits - 2)
		return false;
	for (int bit = gateway.prefix_len; bit < bits; bit++)
		bytes[bit / 8] &= (uint8_t) ~(0x80 >> (bit % 8));
	bytes[bits / 8 - 1] |= 1;
	*ret = gateway;
	return true;
}

static int add_gateways(struct nl_sock *host, const struct link *bridge, const struct conf *conf,
			const json_t *lease, struct err *err)
{
	struct inet_addr gateway;
	struct result_ip ip;
	int r;

	for (size_t i = 0; conf->interface.is_gateway && result_ip_at(lease, i, &ip); i++) {
		if (!iface_gateway(conf, &ip, &gateway))
			continue;
		r = bridge_add_gateway(host, bridge, &gateway, err);
		if (r == 0)
			r = bridge_enable_forwarding(gateway.family, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- the result ---- */

static json_t *interface_json(const struct link *link, const char *sandbox)
{
	char mac[3 * ETH_ALEN];

	(void)snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", link->mac[0],
		       link->mac[1], link->mac[2], link->mac[3], link->mac[4], link->mac[5]);
	if (!sandbox)
		return json_pack("{s:s, s:s}", "name", link->name, "mac", mac);
	return json_pack("{s:s, s:s, s:s}", "name", link->name, "mac", mac, "sandbox", sandbox);
}

/* What the lease has, each address with the pod's interface (the last of three) and its gateway. */
static int fill_ips(json_t *result, const struct conf *conf)
{
	char text[INET_TEXT_MAX];
	struct inet_addr gateway;
	struct result_ip ip;

	for (size_t i = 0; result_ip_at(result, i, &ip); i++) {
		json_t *obj = json_array_get(json_object_get(result, "ips"), i);

		if (json_object_set_new(obj, "interface", json_integer(2)) < 0)
			return -ENOMEM;
		if (iface_gateway(conf, &ip, &gateway) &&
		    json_object_set_new(obj, "gateway",
					json_string(inet_format_addr(&gateway, text))) < 0)
			return -ENOMEM;
	}
	return 0;
}

static int make_result(const struct env *env, const struct conf *conf, const struct link links[3],
		       const json_t *lease, json_t **ret, struct err *err)
{
	json_auto_t *result = lease ? json_deep_copy(lease) : json_object();
	json_t *interfaces;

	interfaces =
		json_pack("[o, o, o]", interface_json(&links[0], NULL),
			  interface_json(&links[1], NULL), interface_json(&links[2], env->netns));
	if (json_object_set_new(result, "interfaces", interfaces) < 0 ||
	    fill_ips(result, conf) < 0 || iface_pod_add_default_routes(result, conf) < 0 ||
	    (conf->dns && json_object_set(result, "dns", conf->dns) < 0))
		return err_sys(err, ENOMEM, "write result");
	*ret = TAKE_PTR(result);
	return 0;
}

/* ---- the verbs ---- */

struct build {
	const struct env *env;
	const struct conf *conf;
	int netns_fd;
	struct wire_attachment attachment;
	struct nl_sock *host, *pod;
	struct link links[3]; /* bridge, host end, pod's end */
	bool made_bridge;
};

static int make_pair(struct build *b, struct err *err)
{
	auto_close int hold = bridge_hold(err);
	int r;

	if (hold < 0)
		return hold;
	r = bridge_apply(b->host, b->conf->interface.bridge, b->conf->interface.mtu, &b->links[0],
			 &b->made_bridge, err);
	if (r < 0)
		return r;
	return veth_add(b->host, &b->attachment, b->netns_fd, b->links[0].index,
			&b->conf->interface, err);
}

/* From here on the pair exists. */
static int set_up(struct build *b, const json_t *lease, json_t **ret, struct err *err)
{
	char host[IFNAMSIZ];
	json_auto_t *result = NULL;
	int r;

	r = link_get(b->host, veth_host_name(&b->attachment, host), &b->links[1], err);
	if (r < 0)
		return r;
	r = iface_pod_up(b->pod, b->netns_fd, b->env->ifname, lease, &b->links[2], err);
	if (r < 0)
		return r;
	r = make_result(b->env, b->conf, b->links, lease, &result, err);
	if (r < 0)
		return r;
	r = iface_pod_apply(b->pod, &b->links[2], result, err);
	if (r < 0)
		return r;
	r = add_gateways(b->host, &b->links[0], b->conf, result, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(result);
	return 0;
}

static int name_free(int netns_fd, const char *name, const char *where, struct err *err)
{
	auto_nlsock struct nl_sock *sk = NULL;
	struct link link;
	int r = nlsock_open(netns_fd, NETLINK_ROUTE, IFACE_NETLINK_MS, &sk, err);

	if (r == 0)
		r = link_get(sk, name, &link, err);
	if (r == 0)
		return err_set(err, -EEXIST, "create interface '%s' %s: it exists", name, where);
	return r == -ENODEV ? 0 : r;
}

int iface_free(const struct env *env, const struct conf *conf, int netns_fd, struct err *err)
{
	struct wire_attachment attachment;
	char host[IFNAMSIZ];
	int r;

	env_attachment(env, conf->name, &attachment);
	r = name_free(-1, veth_host_name(&attachment, host), "on the host", err);
	return r < 0 ? r : name_free(netns_fd, env->ifname, "in the pod", err);
}

int iface_add(const struct env *env, const struct conf *conf, int netns_fd, const json_t *lease,
	      json_t **ret, bool *ret_made_bridge, struct err *err)
{
	auto_nlsock struct nl_sock *host = NULL, *pod = NULL;
	struct build b = { .env = env, .conf = conf, .netns_fd = netns_fd };
	int r = nlsock_open(-1, NETLINK_ROUTE, IFACE_NETLINK_MS, &host, err);

	if (r == 0)
		r = nlsock_open(netns_fd, NETLINK_ROUTE, IFACE_NETLINK_MS, &pod, err);
	if (r < 0)
		return r;
	b.host = host;
	b.pod = pod;
	env_attachment(env, conf->name, &b.attachment);
	r = make_pair(&b, err);
	if (r < 0) {
		if (b.made_bridge)
			bridge_undo(host, conf->interface.bridge);
		return r;
	}
	r = set_up(&b, lease, ret, err);
	if (r < 0)
		iface_undo(env, conf, b.made_bridge);
	else
		*ret_made_bridge = b.made_bridge;
	return r;
}

void iface_undo(const struct env *env, const struct conf *conf, bool made_bridge)
{
	auto_nlsock struct nl_sock *host = NULL;
	struct err err = ERR_INIT;

	if (iface_del(env, conf, &err) < 0)
		log_warn("remove the interface of a failed ADD, ignoring", "err", err.msg);
	if (made_bridge && nlsock_open(-1, NETLINK_ROUTE, IFACE_NETLINK_MS, &host, NULL) == 0)
		bridge_undo(host, conf->interface.bridge);
}

int iface_del(const struct env *env, const struct conf *conf, struct err *err)
{
	auto_nlsock struct nl_sock *host = NULL;
	struct wire_attachment attachment;
	int r = nlsock_open(-1, NETLINK_ROUTE, IFACE_NETLINK_MS, &host, err);

	if (r < 0)
		return r;
	env_attachment(env, conf->name, &attachment);
	return veth_del(host, &attachment, err);
}

static bool is_valid(const char *name, const struct wire_attachment *valid, size_t n)
{
	char host[IFNAMSIZ];

	for (size_t i = 0; i < n; i++) {
		if (!strcmp(name, veth_host_name(&valid[i], host)))
			return true;
	}
	return false;
}

int iface_gc(const struct conf *conf, const struct wire_attachment *valid, size_t n,
	     struct err *err)
{
	auto_nlsock struct nl_sock *host = NULL;
	auto_free struct link *links = NULL;
	char alias[LINK_ALIAS_MAX + 1];
	int r = nlsock_open(-1, NETLINK_ROUTE, IFACE_NETLINK_MS, &host, err), first = 0, n_links;

	if (r < 0)
		return r;
	n_links = link_list(host, &links, err);
	veth_alias(conf->name, alias);
	for (int i = 0; i < n_links; i++) {
		if (strcmp(links[i].kind, "veth") != 0 || strcmp(links[i].alias, alias) != 0 ||
		    is_valid(links[i].name, valid, n))
			continue;
		r = link_del(host, links[i].name, first ? NULL : err);
		if (r < 0 && r != -ENODEV && first == 0)
			first = r;
	}
	return n_links < 0 ? n_links : first;
}
