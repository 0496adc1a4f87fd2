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

/* The pod's interface in the result; NULL if it does not list it. */
static const json_t *listed(const struct env *env, const json_t *result)
{
	const json_t *obj;
	size_t i;

	json_array_foreach (json_object_get(result, "interfaces"), i, obj) {
		const char *name = json_string_value(json_object_get(obj, "name"));
		const char *sandbox = json_string_value(json_object_get(obj, "sandbox"));

		if (name && sandbox && !strcmp(name, env->ifname) && !strcmp(sandbox, env->netns))
			return obj;
	}
	return NULL;
}

static int check_mac(const struct link *link, const json_t *obj, struct err *err)
{
	const char *wanted = json_string_value(json_object_get(obj, "mac"));
	char mac[3 * ETH_ALEN];

	(void)snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", link->mac[0],
		       link->mac[1], link->mac[2], link->mac[3], link->mac[4], link->mac[5]);
	if (wanted && *wanted && strcasecmp(wanted, mac) != 0)
		return err_set(err, -ENOENT, "interface '%s' of the pod has the address %s, not %s",
			       link->name, mac, wanted);
	return 0;
}

/* Results of 1.1.0 have it. The configuration's is no measure: a later plugin may have set another. */
static int check_mtu(const struct link *link, const json_t *obj, struct err *err)
{
	json_int_t wanted = json_integer_value(json_object_get(obj, "mtu"));

	if (wanted && link->mtu != wanted)
		return err_set(err, -ENOENT, "interface '%s' of the pod has the mtu %u, not %lld",
			       link->name, link->mtu, (long long)wanted);
	return 0;
}

static int check_listed(const struct kind_work *w, const json_t *result, struct err *err)
{
	const json_t *obj = listed(w->env, result);
	int r;

	if (!obj)
		return err_set(err, -ENOENT, "prevResult does not list interface '%s' in '%s'",
			       w->env->ifname, w->env->netns);
	r = check_mac(&w->links[0], obj, err);
	return r < 0 ? r : check_mtu(&w->links[0], obj, err);
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
	r = check_listed(&w, result, err);
	if (r == 0)
		r = iface_pod_check(pod, link, result, err);
	return r < 0 ? r : kind_of(conf)->check(&w, result, err);
}
