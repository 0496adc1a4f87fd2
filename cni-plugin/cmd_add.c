/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "cni-plugin/agent.h"
#include "cni-plugin/cmd.h"
#include "cni-plugin/iface.h"
#include "cni-plugin/ipam.h"
#include "cni-plugin/lock.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/result.h"

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

/* An ADD that is under way: what has been done until the agent is to commit. */
struct add {
	json_t *out;
	struct agent_add *agent;
};

/* What the agent has done is rolled back unless it was committed. */
static void add_clear(struct add *add)
{
	json_decref(add->out);
	agent_add_free(&add->agent);
}

/* Comes after the links are made, with a lease if there is IPAM. The pod is set up while the agent
 * does the host's side. */
static int prepare(struct kind_work *w, const json_t *lease, struct add *ret, struct cni_error *e)
{
	json_auto_t *result = NULL;
	int r = cni_fail(e, CNI_INTERFACE, iface_result(w, lease, &result, &e->err));

	if (r < 0)
		return r;
	ret->agent = agent_add_begin(w->env, w->conf, w->netns_fd, result);
	if (!ret->agent)
		return cni_fail(e, CNI_INTERNAL, err_sys(&e->err, ENOMEM, "write message"));
	r = cni_fail(e, CNI_INTERFACE, iface_set_up(w, result, &e->err));
	return r < 0 ? r : export(w->conf, result, &ret->out, e);
}

static int commit(struct add *add, json_t **ret, struct cni_error *e)
{
	int r = agent_add_end(add->agent, e);

	if (r == 0)
		*ret = TAKE_PTR(add->out);
	return r;
}

/* ending: an IPAM plugin that has printed the lease and still has to end well before the agent
 * commits, or NULL. */
static int finish(struct kind_work *w, const json_t *lease, struct ipam *ending, json_t **ret,
		  struct cni_error *e)
{
	auto_with(add_clear) struct add add = { 0 };
	struct cni_error later = { 0 };
	int r = prepare(w, lease, &add, e), ended;

	if (ending) {
		ended = ipam_finish(ending, r < 0 ? &later : e);
		cni_error_clear(&later);
		if (r == 0)
			r = ended;
	}
	return r < 0 ? r : commit(&add, ret, e);
}

/* Gets the lease and makes the links at the same time. */
static int add_with_ipam(struct kind_work *w, struct ipam *ipam, json_t **ret, struct cni_error *e)
{
	struct cni_error later = { 0 };
	int r, made;

	ipam_ask(ipam, w->conf);
	made = cni_fail(e, CNI_INTERFACE, iface_make(w, &e->err));
	if (made == 0 && ipam_wait(ipam)) {
		r = finish(w, ipam->lease, ipam, ret, e);
	} else {
		r = ipam_finish(ipam, made < 0 ? &later : e);
		cni_error_clear(&later);
		if (made < 0)
			r = made;
		if (r == 0)
			r = finish(w, ipam->lease, NULL, ret, e);
	}
	if (made == 0 && r < 0)
		iface_undo(w);
	if (r < 0)
		ipam_undo(w->env, w->conf);
	return r;
}

static int add_without_ipam(struct kind_work *w, json_t **ret, struct cni_error *e)
{
	int r = cni_fail(e, CNI_INTERFACE, iface_make(w, &e->err));

	if (r < 0)
		return r;
	r = finish(w, NULL, NULL, ret, e);
	if (r < 0)
		iface_undo(w);
	return r;
}

/* For ipam_uses_interface(): the links are made first, and taken back last. */
static int add_over_interface(struct kind_work *w, struct ipam *ipam, json_t **ret,
			      struct cni_error *e)
{
	int r = cni_fail(e, CNI_INTERFACE, iface_make(w, &e->err));

	if (r < 0)
		return r;
	ipam_ask(ipam, w->conf);
	r = ipam_finish(ipam, e);
	if (r == 0)
		r = finish(w, ipam->lease, NULL, ret, e);
	if (r < 0) {
		ipam_undo(w->env, w->conf);
		iface_undo(w);
	}
	return r;
}

/* No other ADD or DEL works in the pod. The IPAM plugin takes longer to start than the kernel takes
 * to make links, so it is started first, and asked when there is a place for what it gives. */
static int add_interface(const struct env *env, const struct conf *conf, int netns_fd, json_t **ret,
			 struct cni_error *e)
{
	auto_with(iface_close) struct kind_work w = { .env = NULL };
	auto_with(ipam_clear) struct ipam ipam = { .type = NULL };
	bool delegates = *conf->ipam_type != '\0';
	int r = delegates ? ipam_start("ADD", env, conf, &ipam, e) : 0;

	if (r == 0)
		r = cni_fail(e, CNI_INTERFACE, iface_open(env, conf, netns_fd, &w, &e->err));
	if (r == 0)
		r = cni_fail(e, CNI_INTERFACE, iface_free(&w, &e->err));
	if (r < 0)
		return r;
	if (!delegates)
		return add_without_ipam(&w, ret, e);
	if (ipam_uses_interface(conf))
		return add_over_interface(&w, &ipam, ret, e);
	return add_with_ipam(&w, &ipam, ret, e);
}

static int add_standalone(const struct env *env, const struct conf *conf, int netns_fd,
			  json_t **ret, struct cni_error *e)
{
	auto_with(lock_drop) int lock = -1;
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
	lock = lock_pod(netns_fd, clock_now_ms() + conf->ipam_timeout_ms, &e->err);
	if (lock < 0)
		return cni_fail(e, CNI_TRY_AGAIN, lock);
	return add_interface(env, conf, netns_fd, ret, e);
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
