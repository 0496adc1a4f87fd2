/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/agent.h"
#include "cni-plugin/cmd.h"
#include "cni-plugin/iface.h"
#include "cni-plugin/ipam.h"
#include "common/cleanup.h"

int cmd_check(const struct env *env, const struct conf *conf, json_t **ret, struct cni_error *e)
{
	auto_close int netns_fd = cmd_open_netns(env, e);
	json_auto_t *prev = NULL;
	int r;

	(void)ret;
	if (netns_fd < 0)
		return netns_fd;
	r = cmd_prev_result(conf, &prev, e);
	if (r == 0 && conf->standalone)
		r = cni_fail(e, CNI_MISSING, iface_check(env, conf, netns_fd, prev, &e->err));
	if (r == 0 && conf->standalone)
		r = ipam_call("CHECK", env, conf, e);
	if (r == 0)
		r = agent_check(env, conf, netns_fd, prev, e);
	return r;
}
