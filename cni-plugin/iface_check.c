/* CHECK of iface.h: what ADD made, as its result lists it and as it hangs together on the host. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cni-plugin/bridge.h"
#include "cni-plugin/iface.h"
#include "cni-plugin/iface_pod.h"
#include "cni-plugin/veth.h"
#include "common/link.h"
#include "common/nlsock.h"

static int need_link(struct nl_sock *sk, const char *name, const char *where, struct link *ret,
		     struct err *err)
{
	int r = link_get(sk, name, ret, err);

	if (r == -ENODEV)
		return err_set(err, -ENOENT, "interface '%s' %s is missing", name, where);
	if (r < 0)
		return r;
	return ret->up ? 0 : err_set(err, -ENOENT, "interface '%s' %s is down", name, where);
}

/* The MAC that the result gives the pod's interface; NULL if it does not list it. */
static const char *listed_mac(const struct env *env, const json_t *result)
{
	const json_t *obj;
	size_t i;

	json_array_foreach (json_object_get(result, "interfaces"), i, obj) {
		const char *name = json_string_value(json_object_get(obj, "name"));
		const char *sandbox = json_string_value(json_object_get(obj, "sandbox"));
		const char *mac = json_string_value(json_object_get(obj, "mac"));

		if (name && sandbox && !strcmp(name, env->ifname) && !strcmp(sandbox, env->netns))
			return mac ? mac : "";
	}
	return NULL;
}

static int check_mac(const struct env *env, const struct link *link, const json_t *result,
		     struct err *err)
{
	const char *listed = listed_mac(env, result);
	char mac[3 * ETH_ALEN];

	if (!listed)
		return err_set(err, -ENOENT, "prevResult does not list interface '%s' in '%s'",
			       env->ifname, env->netns);
	(void)snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", link->mac[0],
		       link->mac[1], link->mac[2], link->mac[3], link->mac[4], link->mac[5]);
	if (*listed && strcasecmp(listed, mac) != 0)
		return err_set(err, -ENOENT, "interface '%s' of the pod has the address %s, not %s",
			       env->ifname, mac, listed);
	return 0;
}

static int check_host(struct nl_sock *host, const struct env *env, const struct conf *conf,
		      const json_t *result, struct err *err)
{
	struct wire_attachment attachment;
	struct link bridge, end;
	struct inet_addr gateway;
	struct result_ip ip;
	char name[IFNAMSIZ];
	int r;

	env_attachment(env, conf->name, &attachment);
	r = need_link(host, conf->interface.bridge, "(the bridge)", &bridge, err);
	if (r < 0)
		return r;
	r = need_link(host, veth_host_name(&attachment, name), "on the host", &end, err);
	if (r < 0)
		return r;
	if (end.master != bridge.index)
		return err_set(err, -ENOENT, "interface '%s' is not on the bridge '%s'", name,
			       bridge.name);
	for (size_t i = 0; conf->interface.is_gateway && result_ip_at(result, i, &ip); i++) {
		if (!iface_gateway(conf, &ip, &gateway))
			continue;
		r = bridge_check_gateway(host, &bridge, &gateway, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int iface_check(const struct env *env, const struct conf *conf, int netns_fd, const json_t *result,
		struct err *err)
{
	auto_nlsock struct nl_sock *host = NULL, *pod = NULL;
	struct link link;
	int r = nlsock_open(-1, NETLINK_ROUTE, IFACE_NETLINK_MS, &host, err);

	if (r == 0)
		r = nlsock_open(netns_fd, NETLINK_ROUTE, IFACE_NETLINK_MS, &pod, err);
	if (r == 0)
		r = need_link(pod, env->ifname, "of the pod", &link, err);
	if (r == 0)
		r = check_mac(env, &link, result, err);
	if (r == 0)
		r = iface_pod_check(pod, &link, result, err);
	if (r == 0)
		r = check_host(host, env, conf, result, err);
	return r;
}
