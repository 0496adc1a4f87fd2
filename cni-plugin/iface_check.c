/* SPDX-License-Identifier: Apache-2.0 */
/* The CHECK of iface.h: compares what is there with the result of the ADD, and with what the kind
 * has made on the host. */
#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "cni-plugin/iface.h"
#include "cni-plugin/iface_pod.h"
#include "cni-plugin/kind.h"
#include "common/cleanup.h"
#include "common/link.h"

/* Returns the place of the pod's interface in the result's list, -1 if it is not there. */
static int listed_at(const struct env *env, const json_t *interfaces)
{
	const json_t *obj;
	size_t i;

	json_array_foreach(interfaces, i, obj) {
		const char *name = json_string_value(json_object_get(obj, "name"));
		const char *sandbox = json_string_value(json_object_get(obj, "sandbox"));

		if (name && sandbox && !strcmp(name, env->ifname) && !strcmp(sandbox, env->netns))
			return (int)i;
	}
	return -1;
}

/* A later plugin that sets another MAC address says so in the result (tuning does). Of an MTU it
 * does not say so, and an MTU is not compared. */
static int check_mac(const struct link *link, const json_t *obj, struct err *err)
{
	const char *wanted = json_string_value(json_object_get(obj, "mac"));
	char mac[LINK_MAC_TEXT_MAX];

	if (wanted && *wanted && strcasecmp(wanted, link_format_mac(link, mac)) != 0)
		return err_set(err, -ENOENT, "interface '%s' of the pod has the address %s, not %s",
			       link->name, mac, wanted);
	return 0;
}

/* The result without the addresses that later plugins gave interfaces of theirs. */
static json_t *without_others(const json_t *result, int index)
{
	json_auto_t *own = json_copy((json_t *)(uintptr_t)result), *ips = json_array();
	struct result_ip ip;

	for (size_t i = 0; result_ip_at(result, i, &ip); i++) {
		json_t *obj = json_array_get(json_object_get(result, "ips"), i);

		if ((ip.interface < 0 || ip.interface == index) && json_array_append(ips, obj) < 0)
			return NULL;
	}
	return json_object_set(own, "ips", ips) < 0 ? NULL : TAKE_PTR(own);
}

int iface_check(const struct env *env, const struct conf *conf, int netns_fd, const json_t *result,
		struct err *err)
{
	const json_t *interfaces = json_object_get(result, "interfaces");
	auto_with(iface_close) struct kind_work w = { .env = NULL };
	int r = iface_open(env, conf, netns_fd, &w, err), index = listed_at(env, interfaces);
	json_auto_t *own = without_others(result, index);
	const struct link *link = &w.links[0];

	w.n_links = 1;
	if (r == 0)
		r = link_get_up(w.pod, env->ifname, "of the pod", &w.links[0], err);
	if (r == 0 && index < 0)
		r = err_set(err, -ENOENT, "prevResult does not list interface '%s' in '%s'",
			    env->ifname, env->netns);
	if (r == 0)
		r = check_mac(link, json_array_get(interfaces, (size_t)index), err);
	if (r == 0 && !own)
		r = err_sys(err, ENOMEM, "read prevResult");
	if (r == 0)
		r = iface_pod_check(w.pod, link, own, err);
	return r < 0 ? r : kind_of(conf)->check(&w, own, err);
}
