/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/cmd.h"

#include <errno.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/netns.h"
#include "common/result.h"

int cmd_prev_result(const struct conf *conf, json_t **ret, struct cni_error *e)
{
	int r;

	if (!conf->prev_result)
		r = err_set(
			&e->err, -EINVAL,
			"netconf: 'prevResult' is required (without 'interface' the plugin makes "
			"none and must be chained behind one that does)");
	else
		r = result_import(conf->prev_result, "prevResult", ret, &e->err);
	return cni_fail(e, CNI_CONFIG, r);
}

int cmd_open_netns(const struct env *env, struct cni_error *e)
{
	auto_close int fd = netns_open(env->netns, &e->err);
	int r;

	if (fd == -ENOENT)
		return cni_fail(e, CNI_NO_CONTAINER, err_prefix(&e->err, fd, "CNI_NETNS"));
	r = fd < 0 ? fd : netns_check_foreign(fd, env->netns, &e->err);
	if (r < 0)
		return cni_fail(e, CNI_ENVIRONMENT, err_prefix(&e->err, r, "CNI_NETNS"));
	return TAKE_FD(fd);
}
