/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/json.h"
#include "common/podnet.h"
#include "common/sysctl.h"
#include "common/wire.h"

#define SYSCTL_PREFIX "net.smc."

json_t *podnet_to_json(const struct podnet *p)
{
	json_t *pnets = json_array(), *sysctls = json_array();

	for (int i = 0; i < p->n_pnets; i++)
		(void)json_array_append_new(pnets,
					    json_pack("{s:s, s:s}", "ifname", p->pnets[i].ifname,
						      "id", p->pnets[i].id));
	for (int i = 0; i < p->n_sysctls; i++)
		(void)json_array_append_new(sysctls,
					    json_pack("{s:s, s:s}", "name", p->sysctls[i].name,
						      "value", p->sysctls[i].value));
	return json_pack("{s:o, s:o}", "pnets", pnets, "sysctls", sysctls);
}

static int take_pnet(const json_t *obj, const char *where, struct podnet *p, struct err *err)
{
	struct podnet_pnet *pnet = &p->pnets[p->n_pnets];
	const char *ifname, *id;

	if (smc_json_need_string(obj, where, "ifname", &ifname, err) < 0 ||
	    smc_json_need_string(obj, where, "id", &id, err) < 0)
		return -EINVAL;
	if (!wire_ifname_valid(ifname))
		return err_set(err, -EINVAL, "%s: 'ifname' must be an interface name, found '%s'",
			       where, ifname);
	if (!smc_pnet_id_valid(id))
		return err_set(err, -EINVAL,
			       "%s: 'id' must be 1 to %d letters or digits, found '%s'", where,
			       SMC_PNET_ID_MAX, id);
	(void)snprintf(pnet->ifname, sizeof(pnet->ifname), "%s", ifname);
	(void)snprintf(pnet->id, sizeof(pnet->id), "%s", id);
	p->n_pnets++;
	return 0;
}

static bool is_value(const char *text, size_t max)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < len; i++) {
		if (!isprint((unsigned char)text[i]))
			return false;
	}
	return len < max;
}

static int take_sysctl(const json_t *obj, const char *where, struct podnet *p, struct err *err)
{
	struct podnet_sysctl *sysctl = &p->sysctls[p->n_sysctls];
	const char *name, *value = NULL;

	if (smc_json_need_string(obj, where, "name", &name, err) < 0 ||
	    smc_json_get_string(obj, where, "value", &value, err) < 0)
		return -EINVAL;
	if (!sysctl_name_valid(name) || strlen(name) >= sizeof(sysctl->name) ||
	    strncmp(name, SYSCTL_PREFIX, strlen(SYSCTL_PREFIX)) != 0)
		return err_set(err, -EINVAL,
			       "%s: 'name' must be a setting below " SYSCTL_PREFIX ", found '%s'",
			       where, name);
	if (!value)
		return err_set(err, -EINVAL, "%s: 'value' is required", where);
	if (!is_value(value, sizeof(sysctl->value)))
		return err_set(err, -EINVAL,
			       "%s: 'value' must be at most %zu printable characters, found '%s'",
			       where, sizeof(sysctl->value) - 1, value);
	(void)snprintf(sysctl->name, sizeof(sysctl->name), "%s", name);
	(void)snprintf(sysctl->value, sizeof(sysctl->value), "%s", value);
	p->n_sysctls++;
	return 0;
}

static int take_list(const json_t *obj, const char *where, const char *key, size_t max,
		     int (*take)(const json_t *, const char *, struct podnet *, struct err *),
		     struct podnet *p, struct err *err)
{
	json_t *list = NULL;
	char item[128];
	int r = smc_json_get_array(obj, where, key, &list, err);

	if (r < 0)
		return r;
	if (json_array_size(list) > max)
		return err_set(err, -EINVAL, "%s: '%s' has %zu entries, at most %zu are allowed",
			       where, key, json_array_size(list), max);
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *entry = json_array_get(list, i);

		(void)snprintf(item, sizeof(item), "%s.%s[%zu]", where, key, i);
		if (!json_is_object(entry))
			return err_set(err, -EINVAL, "%s must be an object", item);
		r = take(entry, item, p, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int podnet_from_json(const json_t *obj, const char *where, struct podnet *ret, struct err *err)
{
	struct podnet p = { .n_pnets = 0 };

	if (!json_is_object(obj))
		return err_set(err, -EINVAL, "%s must be an object", where);
	if (take_list(obj, where, "pnets", PODNET_PNETS_MAX, take_pnet, &p, err) < 0 ||
	    take_list(obj, where, "sysctls", PODNET_SYSCTLS_MAX, take_sysctl, &p, err) < 0)
		return -EINVAL;
	*ret = p;
	return 0;
}
