/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/netpart.h"

#include <errno.h>
#include <string.h>

#include "common/json.h"
#include "common/log.h"

static int set_pnet(struct podnet *plan, const char *ifname, const char *id)
{
	int i = 0;

	while (i < plan->n_pnets && strcmp(plan->pnets[i].ifname, ifname) != 0)
		i++;
	if (i == PODNET_PNETS_MAX)
		return -E2BIG;
	if (i == plan->n_pnets)
		plan->n_pnets++;
	strcpy(plan->pnets[i].ifname, ifname);
	strcpy(plan->pnets[i].id, id);
	return 0;
}

int netpart_plan(const struct conf *conf, const struct wire_interface *interfaces, int n,
		 const json_t *reply, struct podnet *ret, struct err *err)
{
	struct podnet plan = { 0 };
	json_t *obj = NULL;
	int r = smc_json_get_object(reply, "reply", "netns", &obj, err);

	if (r > 0)
		r = podnet_from_json(obj, "netns", &plan, err);
	if (r < 0)
		return err_prefix(err, -EPROTO, "reply");
	for (int i = 0; *conf->pnet_id && i < n; i++) {
		if (set_pnet(&plan, interfaces[i].name, conf->pnet_id) < 0)
			return err_set(err, -E2BIG, "set pnet id of '%s': more than %d interfaces",
				       interfaces[i].name, PODNET_PNETS_MAX);
	}
	*ret = plan;
	return 0;
}

static bool empty(const struct podnet *p)
{
	return p->n_pnets == 0 && p->n_sysctls == 0;
}

int netpart_apply(int netns_fd, const struct podnet *plan, struct podnet *ret_undo, struct err *err)
{
	struct podnet undo = { 0 };
	struct err why = ERR_INIT;
	int r = empty(plan) ? 0 : podnet_apply(netns_fd, plan, &undo, &why);

	if (r < 0 && r != -EPROTONOSUPPORT)
		return err_set(err, r, "%s", why.msg);
	if (r > 0)
		log_info("a pnet id of the hardware counts instead of ours", "why", why.msg);
	*ret_undo = undo;
	return 0;
}

int netpart_check(int netns_fd, const struct podnet *plan, struct err *err)
{
	int r = empty(plan) ? 0 : podnet_check(netns_fd, plan, err);

	return r == -EPROTONOSUPPORT ? 0 : r;
}

void netpart_apply_own(const struct conf *conf, const struct wire_interface *interfaces, int n,
		       int netns_fd, struct podnet *ret_undo)
{
	struct podnet plan;

	if (*conf->pnet_id && netpart_plan(conf, interfaces, n, NULL, &plan, NULL) == 0)
		(void)netpart_apply(netns_fd, &plan, ret_undo, NULL);
}

void netpart_undo(int netns_fd, const struct podnet *undo)
{
	struct err err = ERR_INIT;

	if (!empty(undo) && podnet_undo(netns_fd, undo, &err) < 0)
		log_warn("undo the pod's SMC settings, ignoring", "err", err.msg);
}
