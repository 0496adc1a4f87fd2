/* CHECK of iface.h: what ADD made, as its result lists it and as it hangs together on the host. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "cni-plugin/iface.h"
#include "cni-plugin/iface_pod.h"
#include "cni-plugin/kind.h"
#include "common/link.h"
#include "common/nlsock.h"

int iface_need_link(struct nl_sock *sk, const char *name, const char *where, struct link *ret,
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

static int check_mtu(const struct conf *conf, const struct link *link, struct err *err)
{
	if (conf->interface.mtu && link->mtu != (uint32_t)conf->interface.mtu)
		return err_set(err, -ENOENT, "interface '%s' of the pod has the mtu %u, not %d",
			       link->name, link->mtu, conf->interface.mtu);
	return 0;
}

int iface_check(const struct env *env, const struct conf *conf, int netns_fd, const json_t *result,
		struct err *err)
{
	auto_nlsock struct nl_sock *host = NULL, *pod = NULL;
	struct kind_work w = { .env = env, .conf = conf, .netns_fd = netns_fd, .n_links = 1 };
	struct link *link = &w.links[0];
	int r = nlsock_open(-1, NETLINK_ROUTE, IFACE_NETLINK_MS, &host, err);

	if (r == 0)
		r = nlsock_open(netns_fd, NETLINK_ROUTE, IFACE_NETLINK_MS, &pod, err);
	if (r == 0)
		r = iface_need_link(pod, env->ifname, "of the pod", link, err);
	if (r < 0)
		return r;
	w.host = host;
	w.pod = pod;
	env_attachment(env, conf->name, &w.attachment);
	r = check_mac(env, link, result, err);
	if (r == 0)
		r = check_mtu(conf, link, err);
	if (r == 0)
		r = iface_pod_check(pod, link, result, err);
	return r < 0 ? r : kind_of(conf)->check(&w, result, err);
}
