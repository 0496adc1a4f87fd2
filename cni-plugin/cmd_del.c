/* SPDX-License-Identifier: Apache-2.0 */
#include "cni-plugin/agent.h"
#include "cni-plugin/cmd.h"
#include "cni-plugin/iface.h"
#include "cni-plugin/ipam.h"
#include "cni-plugin/lock.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "common/netns.h"

/* Returns -1 when there is no namespace to work in: none was named, or it is gone or not a
 * pod's. */
static int open_what_is_left(const struct env *env)
{
	auto_close int fd = *env->netns ? netns_open(env->netns, NULL) : -1;

	if (fd < 0 || netns_check_foreign(fd, env->netns, NULL) < 0)
		return -1;
	return TAKE_FD(fd);
}

/* The interface is removed whatever the IPAM plugin says. */
static int del_over_interface(const struct env *env, const struct conf *conf, int netns_fd,
			      struct cni_error *e)
{
	struct cni_error later = { 0 };
	int first = ipam_call("DEL", env, conf, e);
	struct cni_error *second = first < 0 ? &later : e;
	int r = cni_fail(second, CNI_INTERFACE, iface_del(env, conf, netns_fd, &second->err));

	return first < 0 ? first : r;
}

/* With whatever there is, in the end: then without the lock, -errno. */
static int wait_for_others(const struct env *env, const struct conf *conf, int netns_fd)
{
	struct err err = ERR_INIT;
	int lock = lock_pod(netns_fd, clock_now_ms() + conf->ipam_timeout_ms, &err);

	if (lock < 0)
		log_warn("wait for the end of what was begun, ignoring", "container",
			 env->container_id, "err", err.msg);
	return lock;
}

/* The kernel takes longer to remove links than the IPAM plugin takes to start. So that is started
 * first, and waits: an address is given back when nobody has it any more. */
static int del_with_ipam(const struct env *env, const struct conf *conf, int netns_fd,
			 struct cni_error *e)
{
	auto_with(ipam_clear) struct ipam ipam = { .type = NULL };
	struct cni_error not_started = { 0 };
	int started = ipam_start("DEL", env, conf, &ipam, &not_started);
	int r = cni_fail(e, CNI_INTERFACE, iface_del(env, conf, netns_fd, &e->err));

	if (r < 0)
		return r;
	if (started < 0) {
		*e = not_started;
		return started;
	}
	return ipam_tell(&ipam, conf, e);
}

static int del_interface(const struct env *env, const struct conf *conf, int netns_fd,
			 struct cni_error *e)
{
	if (*conf->ipam_type == '\0')
		return cni_fail(e, CNI_INTERFACE, iface_del(env, conf, netns_fd, &e->err));
	if (ipam_uses_interface(conf))
		return del_over_interface(env, conf, netns_fd, e);
	return del_with_ipam(env, conf, netns_fd, e);
}

/* Everything is found by the attachment's name, so it does not matter how much of it there is. The
 * address goes back last, unless the IPAM plugin needs the interface for that: nobody else can have
 * it while the interface is there. */
int cmd_del(const struct env *env, const struct conf *conf, json_t **ret, struct cni_error *e)
{
	auto_close int netns_fd = open_what_is_left(env);
	auto_with(lock_drop) int lock = -1;

	(void)ret;
	if (conf->standalone && netns_fd >= 0)
		lock = wait_for_others(env, conf, netns_fd);
	agent_del(env, conf, netns_fd);
	return conf->standalone ? del_interface(env, conf, netns_fd, e) : 0;
}
