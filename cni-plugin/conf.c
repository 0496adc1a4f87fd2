/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/conf.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <sys/un.h>

#include "common/cleanup.h"
#include "common/json.h"
#include "common/names.h"
#include "common/result.h"
#include "common/wire.h"

static int get_name(struct conf *c, struct err *err)
{
	int r = smc_json_need_string(c->root, "netconf", "name", &c->name, err);

	if (r < 0)
		return r;
	if (!wire_name_valid(c->name) || strlen(c->name) > CONF_NAME_MAX)
		return err_set(err, -EINVAL,
			       "netconf: 'name' is '%.64s'; allowed are 1 to %d characters of "
			       "[a-zA-Z0-9_.-], the first a letter or digit",
			       c->name, CONF_NAME_MAX);
	return 0;
}

static int get_agent(struct conf *c, struct err *err)
{
	const size_t max = sizeof(((struct sockaddr_un *)NULL)->sun_path) - 1;
	int64_t timeout_ms = CONF_AGENT_TIMEOUT_MS;
	int r;

	c->agent_socket = WIRE_DEFAULT_SOCKET;
	r = smc_json_get_string(c->root, "netconf", "agentSocket", &c->agent_socket, err);
	if (r < 0)
		return r;
	if (c->agent_socket[0] != '/' || strlen(c->agent_socket) > max)
		return err_set(
			err, -EINVAL,
			"netconf: 'agentSocket' is '%.128s'; allowed is an absolute path of up to "
			"%zu bytes",
			c->agent_socket, max);
	r = smc_json_get_int(c->root, "netconf", "agentTimeoutMs", 1, 60000, &timeout_ms, err);
	if (r < 0)
		return r;
	c->agent_timeout_ms = (int)timeout_ms;
	return smc_json_get_bool(c->root, "netconf", "strictStatus", &c->strict_status, err);
}

static int get_pnet_id(struct conf *c, struct err *err)
{
	const char *text = "";
	int r = smc_json_get_string(c->root, "netconf", "pnetID", &text, err);

	if (r < 0)
		return r;
	if (*text && !smc_pnet_id_valid(text))
		return err_set(
			err, -EINVAL,
			"netconf: 'pnetID' is '%.64s'; allowed are 1 to %d letters and digits",
			text, SMC_PNET_ID_MAX);
	strncpy(c->pnet_id, text, sizeof(c->pnet_id) - 1);
	for (char *p = c->pnet_id; *p; p++)
		*p = (char)toupper((unsigned char)*p);
	return 0;
}

static int get_ipam(struct conf *c, struct err *err)
{
	int64_t timeout_ms = CONF_IPAM_TIMEOUT_MS;
	json_t *obj = NULL;
	int r = smc_json_get_object(c->root, "netconf", "ipam", &obj, err);

	c->ipam_type = "";
	if (r < 0)
		return r;
	if (c->standalone && json_object_size(obj) > 0) {
		r = smc_json_need_string(obj, "ipam", "type", &c->ipam_type, err);
		if (r < 0)
			return r;
		if (!wire_name_valid(c->ipam_type))
			return err_set(
				err, -EINVAL,
				"ipam: 'type' is '%.64s'; allowed is the name of a program in "
				"CNI_PATH, of [a-zA-Z0-9_.-]",
				c->ipam_type);
	}
	r = smc_json_get_int(c->root, "netconf", "ipamTimeoutMs", 1, 600000, &timeout_ms, err);
	c->ipam_timeout_ms = (int)timeout_ms;
	return r;
}

static int get_annotations(struct conf *c, const json_t *runtime, struct err *err)
{
	const char *key;
	json_t *value;
	int r = smc_json_get_object(runtime, "runtimeConfig", NAMES_CAPABILITY_ANNOTATIONS,
				    &c->annotations, err);

	if (r < 0)
		return r;
	json_object_foreach(c->annotations, key, value) {
		if (!json_is_string(value))
			return err_set(
				err, -EINVAL,
				"runtimeConfig: the value of annotation '%.128s' must be a string",
				key);
	}
	return 0;
}

static int get_runtime(struct conf *c, struct err *err)
{
	json_t *obj = NULL;
	int r = smc_json_get_object(c->root, "netconf", "runtimeConfig", &obj, err);

	if (r <= 0)
		return r;
	r = smc_json_get_string(obj, "runtimeConfig", NAMES_CAPABILITY_CGROUP, &c->cgroup_path,
				err);
	if (r < 0)
		return r;
	if (strlen(c->cgroup_path) >= sizeof(((struct wire_prepare *)NULL)->cgroup_path))
		return err_set(err, -EINVAL,
			       "runtimeConfig: 'cgroupPath' is %zu bytes long; allowed are %zu",
			       strlen(c->cgroup_path),
			       sizeof(((struct wire_prepare *)NULL)->cgroup_path) - 1);
	return get_annotations(c, obj, err);
}

/* An empty "dns" leaves what the IPAM plugin says. */
static int get_dns(struct conf *c, struct err *err)
{
	static const char *const lists[] = { "nameservers", "search", "options" };
	json_t *dns = NULL;
	const char *domain;
	bool says = false;
	int r = smc_json_get_object(c->root, "netconf", "dns", &dns, err);

	if (r > 0)
		r = result_check_dns(c->root, "netconf", err);
	if (r < 0)
		return r;
	domain = json_string_value(json_object_get(dns, "domain"));
	says = domain && *domain;
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		says |= json_is_array(json_object_get(dns, lists[i]));
	c->dns = says ? dns : NULL;
	return 0;
}

/* Keys that are for others, and are handed on to them. */
static int check_others(const struct conf *c, struct err *err)
{
	json_t *args = NULL, *cni = NULL, *capabilities = NULL, *value;
	const char *key;
	bool on;

	if (smc_json_get_object(c->root, "netconf", "args", &args, err) < 0 ||
	    smc_json_get_object(args, "args", "cni", &cni, err) < 0 ||
	    smc_json_get_object(c->root, "netconf", "capabilities", &capabilities, err) < 0)
		return -EINVAL;
	json_object_foreach(capabilities, key, value) {
		if (smc_json_get_bool(capabilities, "capabilities", key, &on, err) < 0)
			return -EINVAL;
	}
	return 0;
}

static int get_version(struct conf *c, struct cni_error *e)
{
	const char *text = NULL;
	int r = smc_json_get_string(c->root, "netconf", "cniVersion", &text, &e->err);

	if (r < 0)
		return cni_fail(e, CNI_CONFIG, r);
	if (r == 0)
		return cni_fail(e, CNI_VERSION,
				err_set(&e->err, -EINVAL, "netconf: 'cniVersion' is required"));
	return cni_fail(e, CNI_VERSION, version_parse(text, &c->version, &e->err));
}

static int get_for_add(struct conf *c, struct err *err)
{
	if (get_runtime(c, err) < 0 || get_dns(c, err) < 0 || check_others(c, err) < 0)
		return -EINVAL;
	return 0;
}

/* libcni writes null for an empty list (libcni/api.go, GCNetworkList: a nil slice). */
static int get_valid_attachments(struct conf *c, struct err *err)
{
	static const char key[] = "cni.dev/valid-attachments";

	if (json_is_null(json_object_get(c->root, key)) &&
	    json_object_set_new(c->root, key, json_array()) < 0)
		return err_sys(err, ENOMEM, "read netconf");
	return smc_json_get_array(c->root, "netconf", key, &c->valid_attachments, err);
}

static int get_rest(struct conf *c, bool adding, struct err *err)
{
	const char *type = NULL;

	c->cgroup_path = "";
	if (get_name(c, err) < 0 ||
	    smc_json_get_string(c->root, "netconf", "type", &type, err) < 0 ||
	    get_agent(c, err) < 0 || get_pnet_id(c, err) < 0 || get_ipam(c, err) < 0 ||
	    (adding && get_for_add(c, err) < 0) ||
	    smc_json_get_object(c->root, "netconf", "prevResult", &c->prev_result, err) < 0 ||
	    get_valid_attachments(c, err) < 0)
		return -EINVAL;
	return 0;
}

int conf_parse(const char *text, size_t len, bool adding, struct conf *ret, struct cni_error *e)
{
	auto_with(conf_clear) struct conf c = { .text = text, .text_len = len };
	int r = conf_read(text, len, &c.root, &e->err);

	if (r < 0)
		return cni_fail(e, CNI_DECODE, r);
	r = get_version(&c, e);
	if (r < 0)
		return r;
	ret->version = c.version;
	r = conf_interface_parse(c.root, adding, &c.interface, e);
	if (r < 0)
		return r;
	c.standalone = r > 0;
	r = cni_fail(e, CNI_CONFIG, get_rest(&c, adding, &e->err));
	if (r < 0)
		return r;
	*ret = c;
	c = (struct conf){ 0 };
	return 0;
}

void conf_clear(struct conf *c)
{
	json_decref(c->root);
	c->root = NULL;
}
