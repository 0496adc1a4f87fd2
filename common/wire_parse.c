/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the messages of wire.h: each member is checked before anybody acts on it. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "common/annotations.h"
#include "common/cleanup.h"
#include "common/json.h"
#include "common/names.h"
#include "common/wire.h"

static int bad_name(struct err *err, const char *where, const char *key, const char *value)
{
	return err_set(err, -EINVAL,
		       "%s: '%s' is '%.64s'; allowed are 1 to %d characters of [a-zA-Z0-9_.-], "
		       "the first a letter or digit",
		       where, key, value, WIRE_NAME_MAX - 1);
}

/* A string member that is a name; buf holds WIRE_NAME_MAX bytes and becomes "" when an optional one
 * is absent. */
static int get_name(const json_t *obj, const char *where, const char *key, bool required, char *buf,
		    struct err *err)
{
	const char *text = "";
	int r;

	r = required ? smc_json_need_string(obj, where, key, &text, err) :
		       smc_json_get_string(obj, where, key, &text, err);
	if (r < 0)
		return r;
	if ((required || *text) && !wire_name_valid(text))
		return bad_name(err, where, key, text);
	strcpy(buf, text);
	return 0;
}

static int get_ifname(const json_t *obj, const char *where, const char *key, char *buf,
		      struct err *err)
{
	const char *text;
	int r = smc_json_need_string(obj, where, key, &text, err);

	if (r < 0)
		return r;
	if (!wire_ifname_valid(text))
		return err_set(err, -EINVAL,
			       "%s: '%s' is '%.64s'; allowed is an interface name: "
			       "1 to %d printable characters without blank, '/' and ':'",
			       where, key, text, IFNAMSIZ - 1);
	strcpy(buf, text);
	return 0;
}

int wire_attachment_from_json(const json_t *msg, struct wire_attachment *ret, struct err *err)
{
	struct wire_attachment a;
	json_t *obj = NULL;
	int r = smc_json_get_object(msg, "message", "attachment", &obj, err);

	if (r < 0)
		return r;
	if (!obj)
		return err_set(err, -EINVAL, "message: 'attachment' is required");
	r = get_name(obj, "attachment", "network", true, a.network, err);
	if (r < 0)
		return r;
	r = get_name(obj, "attachment", "containerID", true, a.container_id, err);
	if (r < 0)
		return r;
	r = get_ifname(obj, "attachment", "ifname", a.ifname, err);
	if (r < 0)
		return r;
	*ret = a;
	return 0;
}

static int pod_from_json(const json_t *msg, struct wire_pod *ret, struct err *err)
{
	json_t *obj = NULL;
	int r = smc_json_get_object(msg, "message", "pod", &obj, err);

	if (r <= 0)
		return r;
	r = get_name(obj, "pod", "namespace", false, ret->namespace, err);
	if (r < 0)
		return r;
	r = get_name(obj, "pod", "name", false, ret->name, err);
	if (r < 0)
		return r;
	return get_name(obj, "pod", "uid", false, ret->uid, err);
}

static bool mac_valid(const char *text)
{
	if (strlen(text) != 17)
		return false;
	for (int i = 0; i < 17; i++) {
		if (i % 3 == 2 ? text[i] != ':' : !isxdigit((unsigned char)text[i]))
			return false;
	}
	return true;
}

static int get_ips(const json_t *obj, struct wire_interface *ret, struct err *err)
{
	json_t *ips = NULL;
	int r = smc_json_get_array(obj, "interface", "ips", &ips, err);

	if (r <= 0)
		return r;
	if (json_array_size(ips) > WIRE_IPS_MAX)
		return err_set(err, -EINVAL, "interface: 'ips' has %zu entries; allowed are %d",
			       json_array_size(ips), WIRE_IPS_MAX);
	for (size_t i = 0; i < json_array_size(ips); i++) {
		const char *text = json_string_value(json_array_get(ips, i));

		if (!text)
			return err_set(err, -EINVAL, "interface: 'ips' holds what is no string");
		r = inet_parse(text, &ret->ips[i], err);
		if (r < 0)
			return err_prefix(err, r, "interface: 'ips'");
		ret->n_ips++;
	}
	return 0;
}

static int interface_from_json(const json_t *obj, struct wire_interface *ret, struct err *err)
{
	const char *mac = "";
	int r;

	if (!json_is_object(obj))
		return err_set(err, -EINVAL, "message: 'interfaces' holds what is no object");
	r = get_ifname(obj, "interface", "name", ret->name, err);
	if (r < 0)
		return r;
	r = smc_json_get_string(obj, "interface", "mac", &mac, err);
	if (r < 0)
		return r;
	if (*mac && !mac_valid(mac))
		return err_set(err, -EINVAL,
			       "interface: 'mac' is '%.64s'; allowed is aa:bb:cc:dd:ee:ff", mac);
	strcpy(ret->mac, mac);
	return get_ips(obj, ret, err);
}

static int get_interfaces(const json_t *msg, struct wire_prepare *ret, struct err *err)
{
	json_t *list = NULL;
	int r = smc_json_get_array(msg, "message", "interfaces", &list, err);

	if (r <= 0)
		return r;
	if (json_array_size(list) > WIRE_INTERFACES_MAX)
		return err_set(err, -EINVAL,
			       "message: 'interfaces' has %zu entries; allowed are %d",
			       json_array_size(list), WIRE_INTERFACES_MAX);
	for (size_t i = 0; i < json_array_size(list); i++) {
		r = interface_from_json(json_array_get(list, i), &ret->interfaces[i], err);
		if (r < 0)
			return r;
		ret->n_interfaces++;
	}
	return 0;
}

static bool has_dotdot(const char *path)
{
	for (const char *p = strstr(path, ".."); p; p = strstr(p + 1, "..")) {
		if ((p == path || p[-1] == '/') && (p[2] == '/' || p[2] == '\0'))
			return true;
	}
	return false;
}

static int get_cgroup_path(const json_t *msg, char *buf, struct err *err)
{
	const char *text = "";
	int r = smc_json_get_string(msg, "message", "cgroupPath", &text, err);

	if (r < 0)
		return r;
	if (strlen(text) >= sizeof(((struct wire_prepare *)NULL)->cgroup_path))
		return err_set(err, -EINVAL, "message: 'cgroupPath' is longer than %zu bytes",
			       sizeof(((struct wire_prepare *)NULL)->cgroup_path) - 1);
	if (has_dotdot(text))
		return err_set(err, -EINVAL,
			       "message: 'cgroupPath' is '%.128s'; '..' is not allowed in it",
			       text);
	strcpy(buf, text);
	return 0;
}

int wire_keep_annotations(json_t *annotations, struct err *err)
{
	const char *key;
	json_t *value;
	void *next;
	int r = 0;

	json_object_foreach_safe(annotations, next, key, value) {
		if (!strncmp(key, NAMES_PREFIX, strlen(NAMES_PREFIX)))
			r = smc_json_replace_nul(value, err);
		else if (!annotations_sidecar(key))
			(void)json_object_del(annotations, key);
		if (r < 0)
			return r;
	}
	return annotations_bound(annotations, err);
}

static int get_annotations(const json_t *msg, json_t **ret, struct err *err)
{
	json_t *obj = NULL, *value;
	const char *key;
	int r = smc_json_get_object(msg, "message", "annotations", &obj, err);

	if (r <= 0)
		return r;
	json_object_foreach(obj, key, value) {
		if (strncmp(key, NAMES_PREFIX, strlen(NAMES_PREFIX)) != 0 &&
		    strcmp(key, ANNOTATIONS_SIDECAR) != 0)
			return err_set(err, -EINVAL,
				       "message: annotation '%.128s' does not begin with %s", key,
				       NAMES_PREFIX);
		if (!json_is_string(value))
			return err_set(err, -EINVAL, "message: annotation '%.128s' is no string",
				       key);
	}
	r = annotations_bound(obj, err);
	if (r == 0)
		*ret = json_incref(obj);
	return r;
}

int wire_prepare_from_json(const json_t *msg, struct wire_prepare *ret, struct err *err)
{
	auto_free struct wire_prepare *p = calloc(1, sizeof(*p));
	int r;

	if (!p)
		return err_sys(err, ENOMEM, "read prepare message");
	r = wire_attachment_from_json(msg, &p->attachment, err);
	if (r < 0)
		return r;
	r = pod_from_json(msg, &p->pod, err);
	if (r < 0)
		return r;
	r = get_interfaces(msg, p, err);
	if (r < 0)
		return r;
	r = get_cgroup_path(msg, p->cgroup_path, err);
	if (r < 0)
		return r;
	r = get_annotations(msg, &p->annotations, err);
	if (r < 0)
		return r;
	*ret = *p;
	return 0;
}
