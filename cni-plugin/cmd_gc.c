/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cni-plugin/agent.h"
#include "cni-plugin/cmd.h"
#include "cni-plugin/iface.h"
#include "cni-plugin/ipam.h"
#include "common/cleanup.h"
#include "common/json.h"
#include "common/log.h"

static int take_attachment(const json_t *obj, const char *network, struct wire_attachment *ret,
			   struct err *err)
{
	const char *where = "cni.dev/valid-attachments", *id, *ifname;

	if (!json_is_object(obj))
		return err_set(err, -EINVAL, "%s: each entry must be an object", where);
	if (smc_json_need_string(obj, where, "containerID", &id, err) < 0 ||
	    smc_json_need_string(obj, where, "ifname", &ifname, err) < 0)
		return -EINVAL;
	if (!wire_name_valid(id) || !wire_ifname_valid(ifname))
		return err_set(err, -EINVAL,
			       "%s: '%.64s', '%.64s' is no container id and interface", where, id,
			       ifname);
	strcpy(ret->network, network);
	strcpy(ret->container_id, id);
	strcpy(ret->ifname, ifname);
	return 0;
}

/* The caller frees *ret. */
static int take_valid(const struct conf *conf, struct wire_attachment **ret, size_t *ret_n,
		      struct err *err)
{
	auto_free struct wire_attachment *valid = NULL;
	size_t n = json_array_size(conf->valid_attachments);

	valid = calloc(n + 1, sizeof(*valid));
	if (!valid)
		return err_sys(err, ENOMEM, "read valid attachments");
	for (size_t i = 0; i < n; i++) {
		int r = take_attachment(json_array_get(conf->valid_attachments, i), conf->name,
					&valid[i], err);

		if (r < 0)
			return r;
	}
	*ret = TAKE_PTR(valid);
	*ret_n = n;
	return 0;
}

/* Each part is tried; the first error is answered. */
int cmd_gc(const struct env *env, const struct conf *conf, json_t **ret, struct cni_error *e)
{
	auto_free struct wire_attachment *valid = NULL;
	struct cni_error later = { 0 };
	size_t n = 0;
	int r, first = 0;

	(void)ret;
	/* libcni leaves the list out when its caller (cnitool) has none. A missing list is not an
	 * empty one, which would say that nothing is valid. */
	if (!conf->valid_attachments) {
		log_warn("GC without 'cni.dev/valid-attachments': nothing is removed");
		return 0;
	}
	r = cni_fail(e, CNI_CONFIG, take_valid(conf, &valid, &n, &e->err));
	if (r < 0)
		return r;
	if (conf->standalone) {
		first = cni_fail(e, CNI_INTERFACE, iface_gc(conf, valid, n, &e->err));
		r = ipam_call("GC", env, conf, first < 0 ? &later : e);
		first = first < 0 ? first : r;
	}
	r = agent_gc(conf, valid, n, first < 0 ? &later : e);
	cni_error_clear(&later);
	return first < 0 ? first : r;
}
