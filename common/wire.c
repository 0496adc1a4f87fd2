/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire.h"

#include <string.h>

#include "common/cleanup.h"

json_t *wire_request(const char *verb)
{
	return json_pack("{s:i, s:s}", "v", WIRE_VERSION, "verb", verb);
}

json_t *wire_ok(void)
{
	return json_pack("{s:i, s:b}", "v", WIRE_VERSION, "ok", 1);
}

json_t *wire_text(const char *text)
{
	json_t *str = json_string(text);
	auto_free char *copy = NULL;

	if (str)
		return str;
	copy = strdup(text);
	if (!copy)
		return NULL;
	for (char *c = copy; *c; c++) {
		if ((unsigned char)*c >= 0x80)
			*c = '?';
	}
	return json_string(copy);
}

json_t *wire_error(const char *code, const char *text)
{
	return json_pack("{s:i, s:b, s:s, s:o}", "v", WIRE_VERSION, "ok", 0, "code", code, "error",
			 wire_text(text));
}

json_t *wire_attachment_to_json(const struct wire_attachment *a)
{
	return json_pack("{s:s, s:s, s:s}", "network", a->network, "containerID", a->container_id,
			 "ifname", a->ifname);
}

static json_t *interface_to_json(const struct wire_interface *itf)
{
	json_auto_t *obj = json_pack("{s:s, s:s, s:[]}", "name", itf->name, "mac", itf->mac, "ips");

	if (!obj)
		return NULL;
	for (int i = 0; i < itf->n_ips; i++) {
		char text[INET_TEXT_MAX];

		if (json_array_append_new(json_object_get(obj, "ips"),
					  json_string(inet_format(&itf->ips[i], text))) < 0)
			return NULL;
	}
	return TAKE_PTR(obj);
}

json_t *wire_prepare_to_json(const struct wire_prepare *p)
{
	json_auto_t *msg = wire_request("prepare");
	json_auto_t *interfaces = json_array();

	if (!msg || !interfaces)
		return NULL;
	for (int i = 0; i < p->n_interfaces; i++) {
		if (json_array_append_new(interfaces, interface_to_json(&p->interfaces[i])) < 0)
			return NULL;
	}
	if (json_object_set_new(msg, "attachment", wire_attachment_to_json(&p->attachment)) < 0 ||
	    json_object_set_new(msg, "pod",
				json_pack("{s:s, s:s, s:s}", "namespace", p->pod.namespace, "name",
					  p->pod.name, "uid", p->pod.uid)) < 0 ||
	    json_object_set(msg, "interfaces", interfaces) < 0)
		return NULL;
	if (p->cgroup_path[0] &&
	    json_object_set_new(msg, "cgroupPath", json_string(p->cgroup_path)) < 0)
		return NULL;
	if (p->annotations && json_object_set(msg, "annotations", p->annotations) < 0)
		return NULL;
	return TAKE_PTR(msg);
}

void wire_prepare_clear(struct wire_prepare *p)
{
	json_decref(p->annotations);
	p->annotations = NULL;
}
