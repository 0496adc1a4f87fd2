/* SPDX-License-Identifier: Apache-2.0 */
#include "common/result.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"

/* ---- access to what result_import() has checked ---- */

static uint32_t number_at(const json_t *obj, const char *key)
{
	return (uint32_t)json_integer_value(json_object_get(obj, key));
}

/* True if the member is there. */
static bool address_at(const json_t *obj, const char *key, struct inet_addr *ret)
{
	const char *text = json_string_value(json_object_get(obj, key));

	return text && *text && inet_parse(text, ret, NULL) == 0;
}

bool result_ip_at(const json_t *result, size_t index, struct result_ip *ret)
{
	const json_t *obj = json_array_get(json_object_get(result, "ips"), index);
	size_t n = json_array_size(json_object_get(result, "interfaces"));
	json_int_t interface = json_integer_value(json_object_get(obj, "interface"));
	struct result_ip ip = { .interface = -1 };

	if (!obj || !address_at(obj, "address", &ip.address))
		return false;
	ip.has_gateway = address_at(obj, "gateway", &ip.gateway);
	if (json_is_integer(json_object_get(obj, "interface")) && interface >= 0 &&
	    (size_t)interface < n)
		ip.interface = (int)interface;
	*ret = ip;
	return true;
}

bool result_route_at(const json_t *result, size_t index, struct result_route *ret)
{
	const json_t *obj = json_array_get(json_object_get(result, "routes"), index);
	const json_t *scope = json_object_get(obj, "scope");
	struct result_route route = { .scope = -1 };

	if (!obj || !address_at(obj, "dst", &route.dst))
		return false;
	route.has_gateway = address_at(obj, "gw", &route.gateway);
	route.mtu = number_at(obj, "mtu");
	route.advmss = number_at(obj, "advmss");
	route.priority = number_at(obj, "priority");
	route.table = number_at(obj, "table");
	if (json_is_integer(scope))
		route.scope = (int)json_integer_value(scope);
	*ret = route;
	return true;
}

/* ---- the pod's interfaces ---- */

static void start_interface(struct wire_interface *ret, const char *name, const char *mac)
{
	memset(ret, 0, sizeof(*ret));
	strncpy(ret->name, name, sizeof(ret->name) - 1);
	if (mac && strlen(mac) < sizeof(ret->mac))
		strcpy(ret->mac, mac);
}

static void give_ip(struct wire_interface *itf, const struct inet_addr *ip)
{
	if (itf->n_ips < WIRE_IPS_MAX)
		itf->ips[itf->n_ips++] = *ip;
}

/* Returns which of ret[0..n) an address belongs to, -1: to none of the pod's. */
static int owner_of(const struct result_ip *ip, const int *indexes,
		    const struct wire_interface *itfs, int n, const char *ifname)
{
	for (int i = 0; i < n; i++) {
		bool here = indexes[i] == ip->interface;

		if (here || (ip->interface < 0 && !strcmp(itfs[i].name, ifname)))
			return i;
	}
	return ip->interface >= 0 ? -1 : 0;
}

int result_pod_interfaces(const json_t *result, const char *netns, const char *ifname,
			  struct wire_interface *ret, int max)
{
	const json_t *list = json_object_get(result, "interfaces"), *obj;
	int indexes[WIRE_INTERFACES_MAX];
	struct result_ip ip;
	bool all = false;
	int n = 0;
	size_t i;

	json_array_foreach(list, i, obj) {
		const char *name = json_string_value(json_object_get(obj, "name"));
		const char *sandbox = json_string_value(json_object_get(obj, "sandbox"));

		if (n == max || n == WIRE_INTERFACES_MAX)
			break;
		if (!name || !sandbox || strcmp(sandbox, netns) != 0 || !wire_ifname_valid(name))
			continue;
		indexes[n] = (int)i;
		start_interface(&ret[n++], name, json_string_value(json_object_get(obj, "mac")));
	}
	if (n == 0) {
		start_interface(&ret[n++], ifname, NULL);
		all = true;
	}
	for (i = 0; result_ip_at(result, i, &ip); i++) {
		int owner = all ? 0 : owner_of(&ip, indexes, ret, n, ifname);

		if (owner >= 0)
			give_ip(&ret[owner], &ip.address);
	}
	return n;
}

/* ---- to a version's form ---- */

static void drop_keys(json_t *list, const char *const *keys)
{
	json_t *obj;
	size_t i;

	json_array_foreach(list, i, obj) {
		for (const char *const *key = keys; *key; key++)
			(void)json_object_del(obj, *key);
	}
}

/* Fields that 1.1.0 added. */
static void drop_new_fields(json_t *result)
{
	static const char *const of_interface[] = { "mtu", "socketPath", "pciID", NULL };
	static const char *const of_route[] = {
		"mtu", "advmss", "priority", "table", "scope", NULL
	};

	drop_keys(json_object_get(result, "interfaces"), of_interface);
	drop_keys(json_object_get(result, "routes"), of_route);
}

static int add_ip_versions(json_t *result)
{
	json_t *ip;
	size_t i;

	json_array_foreach(json_object_get(result, "ips"), i, ip) {
		const char *address = json_string_value(json_object_get(ip, "address"));
		bool v6 = address && strchr(address, ':');

		if (json_object_set_new(ip, "version", json_string(v6 ? "6" : "4")) < 0)
			return -ENOMEM;
	}
	return 0;
}

json_t *result_export(const json_t *result, enum cni_version version)
{
	json_auto_t *copy = json_deep_copy(result);

	if (!copy ||
	    json_object_set_new(copy, "cniVersion", json_string(version_text(version))) < 0)
		return NULL;
	if (version < CNI_1_1_0)
		drop_new_fields(copy);
	if (version < CNI_1_0_0 && add_ip_versions(copy) < 0)
		return NULL;
	return TAKE_PTR(copy);
}
