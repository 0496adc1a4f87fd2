#include <errno.h>

#include "cni-plugin/agent.h"
#include "cni-plugin/cmd.h"
#include "cni-plugin/iface.h"
#include "cni-plugin/ipam.h"
#include "cni-plugin/podlock.h"
#include "common/cleanup.h"
#include "common/result.h"
#include "common/wire.h"

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

/* Set up in the pod while the agent does the host's side. */
static int set_up(struct kind_work *w, const json_t *result, struct cni_error *e)
{
	auto_with(agent_add_free) struct agent_add *agent =
		agent_add_begin(w->env, w->conf, w->netns_fd, result);
	int r;

	if (!agent)
		return cni_fail(e, CNI_INTERNAL, err_sys(&e->err, ENOMEM, "write message"));
	r = cni_fail(e, CNI_INTERFACE, iface_set_up(w, result, &e->err));
	return r < 0 ? r : agent_add_end(agent, e);
}

/* The links are made. With a lease, if there is IPAM. */
static int finish_interface(struct kind_work *w, const json_t *lease, json_t **ret,
			    struct cni_error *e)
{
	json_auto_t *result = NULL;
	json_auto_t *out = NULL;
	int r = cni_fail(e, CNI_INTERFACE, iface_result(w, lease, &result, &e->err));

	if (r == 0)
		r = export(w->conf, result, &out, e);
	if (r == 0)
		r = set_up(w, result, e);
	if (r == 0)
		*ret = TAKE_PTR(out);
	return r;
}

/* The IPAM plugin takes longer to start than the kernel takes to make links: both at once. */
static int add_with_ipam(struct kind_work *w, json_t **ret, struct cni_error *e)
{
	struct cni_error later = { 0 };
	json_auto_t *lease = NULL;
	struct ipam ipam;
	int r = ipam_start(w->env, w->conf, &ipam, e), made;

	if (r < 0)
		return r;
	made = cni_fail(e, CNI_INTERFACE, iface_make(w, &e->err));
	r = ipam_finish(&ipam, w->env, w->conf, &lease, made < 0 ? &later : e);
	cni_error_clear(&later);
	if (made == 0 && r == 0)
		r = finish_interface(w, lease, ret, e);
	if (made == 0 && r < 0)
		iface_undo(w);
	if (made < 0)
		r = made;
	if (r < 0 && lease)
		ipam_undo(w->env, w->conf);
	return r;
}

static int add_without_ipam(struct kind_work *w, json_t **ret, struct cni_error *e)
{
	int r = cni_fail(e, CNI_INTERFACE, iface_make(w, &e->err));

	if (r < 0)
		return r;
	r = finish_interface(w, NULL, ret, e);
	if (r < 0)
		iface_undo(w);
	return r;
}

/* For ipam_uses_interface(): the links first, and taken back last. */
static int add_over_interface(struct kind_work *w, json_t **ret, struct cni_error *e)
{
	json_auto_t *lease = NULL;
	struct ipam ipam;
	int r = cni_fail(e, CNI_INTERFACE, iface_make(w, &e->err));

	if (r < 0)
		return r;
	r = ipam_start(w->env, w->conf, &ipam, e);
	if (r == 0)
		r = ipam_finish(&ipam, w->env, w->conf, &lease, e);
	if (r == 0)
		r = finish_interface(w, lease, ret, e);
	if (r < 0 && lease)
		ipam_undo(w->env, w->conf);
	if (r < 0)
		iface_undo(w);
	return r;
}

/* Alone in the pod. */
static int add_interface(const struct env *env, const struct conf *conf, int netns_fd,
			 json_t **ret, struct cni_error *e)
{
	auto_with(iface_close) struct kind_work w = { .env = NULL };
	int r = iface_open(env, conf, netns_fd, &w, &e->err);

	if (r == 0)
		r = iface_free(&w, &e->err);
	if (r < 0)
		return cni_fail(e, CNI_INTERFACE, r);
	if (*conf->ipam_type == '\0')
		return add_without_ipam(&w, ret, e);
	if (ipam_uses_interface(conf))
		return add_over_interface(&w, ret, e);
	return add_with_ipam(&w, ret, e);
}

static int add_standalone(const struct env *env, const struct conf *conf, int netns_fd,
			  json_t **ret, struct cni_error *e)
{
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
	r = podlock_take(netns_fd, wire_now_ms() + conf->ipam_timeout_ms, &e->err);
	if (r < 0)
		return cni_fail(e, CNI_TRY_AGAIN, r);
	r = add_interface(env, conf, netns_fd, ret, e);
	podlock_drop(netns_fd);
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
