/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/agent.h"
#include "cni-plugin/cmd.h"
#include "cni-plugin/iface.h"
#include "cni-plugin/ipam.h"

/* STATUS is called every few seconds, and a failure makes the node NotReady. An accelerator that is
 * off is no reason for that, unless the operator says so. */
int cmd_status(const struct env *env, const struct conf *conf, json_t **ret, struct cni_error *e)
{
	int r = 0;

	(void)ret;
	if (conf->strict_status)
		r = agent_status(conf, e);
	if (r == 0 && conf->standalone)
		r = cni_fail(e, CNI_NOT_READY, iface_ready(env, conf, &e->err));
	if (r == 0 && conf->standalone)
		r = ipam_call("STATUS", env, conf, e);
	if (e->code == CNI_IPAM) /* no ADD can run the IPAM plugin either */
		e->code = CNI_NOT_READY;
	return r;
}
