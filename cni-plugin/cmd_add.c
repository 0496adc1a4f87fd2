#include <errno.h>

#include "cni-plugin/agent.h"
#include "cni-plugin/cmd.h"
#include "cni-plugin/iface.h"
#include "cni-plugin/ipam.h"
#include "cni-plugin/result.h"
#include "common/cleanup.h"

static int export(const struct conf *conf, const json_t *result, json_t **ret, struct cni_error *e)
{
	*ret = result_export(result, conf->version);
	if (!*ret)
		return cni_fail(e, CNI_INTERNAL, err_sys(&e->err, ENOMEM, "write result"));
	return 0;
}

static int add_chained(const struct env *env, const struct conf *conf, int netns_fd, json_t **ret,
		       struct cni_error *e)
{
	json_auto_t *prev = NULL;
	json_auto_t *out = NULL;
	int r = cmd_prev_result(conf, &prev, e);

	if (r == 0)
		r = export(conf, prev, &out, e);
	if (r == 0)
		r = agent_add(env, conf, netns_fd, prev, e);
	if (r == 0)
		*ret = TAKE_PTR(out);
	return r;
}

/* With a lease, if there is IPAM. */
static int add_interface(const struct env *env, const struct conf *conf, int netns_fd,
			 const json_t *lease, json_t **ret, struct cni_error *e)
{
	json_auto_t *result = NULL;
	json_auto_t *out = NULL;
	bool made_bridge = false;
	int r = iface_add(env, conf, netns_fd, lease, &result, &made_bridge, &e->err);

	if (r < 0)
		return cni_fail(e, CNI_INTERFACE, r);
	r = export(conf, result, &out, e);
	if (r == 0)
		r = agent_add(env, conf, netns_fd, result, e);
	if (r == 0)
		*ret = TAKE_PTR(out);
	else
		iface_undo(env, conf, netns_fd, made_bridge);
	return r;
}

static int add_standalone(const struct env *env, const struct conf *conf, int netns_fd,
			  json_t **ret, struct cni_error *e)
{
	json_auto_t *lease = NULL;
	int r;

	if (conf->prev_result)
		return cni_fail(
			e, CNI_CONFIG,
			err_set(&e->err, -EINVAL,
				"netconf: 'interface' and 'prevResult' exclude each other in "
				"ADD: chained behind another plugin, ours makes no interface"));
	r = conf_interface_check_add(&conf->interface, e);
	if (r < 0)
		return r;
	r = cni_fail(e, CNI_INTERFACE, iface_free(env, conf, netns_fd, &e->err));
	if (r < 0)
		return r;
	if (*conf->ipam_type) {
		r = ipam_add(env, conf, &lease, e);
		if (r < 0)
			return r;
	}
	r = add_interface(env, conf, netns_fd, lease, ret, e);
	if (r < 0 && lease)
		ipam_undo(env, conf);
	return r;
}

int cmd_add(const struct env *env, const struct conf *conf, json_t **ret, struct cni_error *e)
{
	auto_close int netns_fd = cmd_open_netns(env, e);

	if (netns_fd < 0)
		return netns_fd;
	if (conf->standalone)
		return add_standalone(env, conf, netns_fd, ret, e);
	return add_chained(env, conf, netns_fd, ret, e);
}
