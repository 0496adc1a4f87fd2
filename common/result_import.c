/* SPDX-License-Identifier: Apache-2.0 */
/* The import of result.h: each field that the plugin knows is checked for its type, and old forms
 * are turned into the one of 1.x. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/result.h"

struct import {
	const char *where;
	char path[96]; /* of the object that is being checked, for messages: "prevResult.ips[0]" */
	struct err *err;
};

static int check_address(const struct import *im, const json_t *obj, const char *key, bool prefix)
{
	struct inet_addr addr;
	const char *text = "";
	int r = smc_json_get_string(obj, im->path, key, &text, im->err);

	if (r < 0 || *text == '\0')
		return r;
	if (!!strchr(text, '/') != prefix)
		return err_set(im->err, -EINVAL, "%s: '%s' is '%.64s'; allowed is an address %s",
			       im->path, key, text,
			       prefix ? "with a prefix length" : "without a prefix length");
	r = inet_parse(text, &addr, im->err);
	return r < 0 ? err_prefix(im->err, r, "%s: '%s'", im->path, key) : 0;
}

static int need(const struct import *im, const json_t *obj, const char *key)
{
	const char *text;

	return smc_json_need_string(obj, im->path, key, &text, im->err);
}

/* Without a name it is none that we look at, and its MTU never is: runtimes and plugins take any
 * integer. */
static int check_interface(struct import *im, json_t *obj)
{
	const char *text;
	int64_t number;

	if (smc_json_get_string(obj, im->path, "name", &text, im->err) < 0 ||
	    smc_json_get_string(obj, im->path, "mac", &text, im->err) < 0 ||
	    smc_json_get_string(obj, im->path, "sandbox", &text, im->err) < 0 ||
	    smc_json_get_string(obj, im->path, "socketPath", &text, im->err) < 0 ||
	    smc_json_get_string(obj, im->path, "pciID", &text, im->err) < 0 ||
	    smc_json_get_int(obj, im->path, "mtu", INT64_MIN, INT64_MAX, &number, im->err) < 0)
		return -EINVAL;
	return 0;
}

static int check_ip(struct import *im, json_t *obj)
{
	const char *version;
	int64_t index;

	if (need(im, obj, "address") < 0 || check_address(im, obj, "address", true) < 0 ||
	    check_address(im, obj, "gateway", false) < 0 ||
	    smc_json_get_string(obj, im->path, "version", &version, im->err) < 0)
		return -EINVAL;
	(void)json_object_del(obj, "version"); /* gone since 1.0.0 */
	/* An index beyond the list does no harm: the address then counts as one without an
	 * index. */
	return smc_json_get_int(obj, im->path, "interface", INT_MIN, INT_MAX, &index, im->err);
}

static int check_route(struct import *im, json_t *obj)
{
	static const char *const numbers[] = { "mtu", "advmss", "priority", "table", "scope" };
	int64_t number;

	if (need(im, obj, "dst") < 0 || check_address(im, obj, "dst", true) < 0 ||
	    check_address(im, obj, "gw", false) < 0)
		return -EINVAL;
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		int64_t max = strcmp(numbers[i], "scope") ? UINT32_MAX : UINT8_MAX;

		if (smc_json_get_int(obj, im->path, numbers[i], 0, max, &number, im->err) < 0)
			return -EINVAL;
	}
	return 0;
}

/* Checks each object of a list; returns their number. A list that is null becomes absent. */
static int check_list(struct import *im, json_t *result, const char *key,
		      int (*check)(struct import *im, json_t *obj))
{
	json_t *list = NULL, *obj;
	int r = smc_json_get_array(result, im->where, key, &list, im->err);
	size_t i;

	if (r < 0)
		return r;
	if (r == 0) {
		(void)json_object_del(result, key);
		return 0;
	}
	json_array_foreach(list, i, obj) {
		(void)snprintf(im->path, sizeof(im->path), "%s.%s[%zu]", im->where, key, i);
		if (!json_is_object(obj))
			return err_set(im->err, -EINVAL, "%s must be an object", im->path);
		r = check(im, obj);
		if (r < 0)
			return r;
	}
	return (int)json_array_size(list);
}

int result_check_dns(const json_t *obj, const char *where, struct err *err)
{
	static const char *const lists[] = { "nameservers", "search", "options" };
	json_t *dns = NULL, *list, *text;
	const char *domain;
	char path[64];
	size_t i;
	int r = smc_json_get_object(obj, where, "dns", &dns, err);

	if (r <= 0)
		return r;
	(void)snprintf(path, sizeof(path), "%s.dns", where);
	r = smc_json_get_string(dns, path, "domain", &domain, err);
	for (size_t n = 0; n < ARRAY_SIZE(lists) && r >= 0; n++) {
		list = NULL;
		r = smc_json_get_array(dns, path, lists[n], &list, err);
		json_array_foreach(list, i, text) {
			if (!json_is_string(text))
				return err_set(err, -EINVAL, "%s: '%s' holds what is no string",
					       path, lists[n]);
		}
	}
	return r < 0 ? r : 0;
}

/* ---- 0.1.0 and 0.2.0: {"ip4": {"ip", "gateway", "routes"}, "ip6": {...}, "dns"} ---- */

static json_t *list_of(json_t *result, const char *key)
{
	json_t *list = json_object_get(result, key);

	if (!list && json_object_set_new(result, key, json_array()) == 0)
		list = json_object_get(result, key);
	return json_is_array(list) ? list : NULL;
}

static int convert_old_ip(struct import *im, json_t *result, const char *key)
{
	json_auto_t *old = json_incref(json_object_get(result, key));
	json_t *routes = NULL, *gateway = json_object_get(old, "gateway"), *ip;

	if (!old)
		return 0;
	(void)json_object_del(result, key);
	if (json_is_null(old))
		return 0;
	(void)snprintf(im->path, sizeof(im->path), "%s.%s", im->where, key);
	if (!json_is_object(old))
		return err_set(im->err, -EINVAL, "%s must be an object", im->path);
	if (need(im, old, "ip") < 0 ||
	    smc_json_get_array(old, im->path, "routes", &routes, im->err) < 0)
		return -EINVAL;
	ip = json_pack("{s:O}", "address", json_object_get(old, "ip"));
	if (json_array_append_new(list_of(result, "ips"), ip) < 0)
		return err_sys(im->err, ENOMEM, "read %s", im->path);
	if (gateway && json_object_set(ip, "gateway", gateway) < 0)
		return err_sys(im->err, ENOMEM, "read %s", im->path);
	if (routes && json_array_extend(list_of(result, "routes"), routes) < 0)
		return err_sys(im->err, ENOMEM, "read %s", im->path);
	return 0;
}

int result_import(const json_t *in, const char *where, json_t **ret, struct err *err)
{
	struct import im = { .where = where, .err = err };
	json_auto_t *result = json_deep_copy(in);
	const char *version;

	if (!result)
		return err_sys(err, ENOMEM, "read %s", where);
	if (smc_json_get_string(result, where, "cniVersion", &version, err) < 0 ||
	    convert_old_ip(&im, result, "ip4") < 0 || convert_old_ip(&im, result, "ip6") < 0)
		return -EINVAL;
	if (check_list(&im, result, "interfaces", check_interface) < 0 ||
	    check_list(&im, result, "ips", check_ip) < 0 ||
	    check_list(&im, result, "routes", check_route) < 0 ||
	    result_check_dns(result, where, err) < 0)
		return -EINVAL;
	*ret = TAKE_PTR(result);
	return 0;
}
