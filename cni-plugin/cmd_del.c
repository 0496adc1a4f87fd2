#include "cni-plugin/agent.h"
#include "cni-plugin/cmd.h"
#include "cni-plugin/iface.h"
#include "cni-plugin/ipam.h"
#include "common/cleanup.h"
#include "common/netns.h"

/* -1 when there is none to work in: not said, gone, or not a pod's. */
static int open_what_is_left(const struct env *env)
{
	auto_close int fd = *env->netns ? netns_open(env->netns, NULL) : -1;

	if (fd < 0 || netns_check_foreign(fd, env->netns, NULL) < 0)
		return -1;
	return TAKE_FD(fd);
}

/* Whatever the IPAM plugin says, the interface goes. */
static int del_over_interface(const struct env *env, const struct conf *conf, int netns_fd,
			      struct cni_error *e)
{
	struct cni_error later = { 0 };
	int first = ipam_call("DEL", env, conf, e);
	struct cni_error *second = first < 0 ? &later : e;
	int r = cni_fail(second, CNI_INTERFACE, iface_del(env, conf, netns_fd, &second->err));

	return first < 0 ? first : r;
}

/* Everything is found by the attachment's name, so it does not matter how much of it there is. The
 * address goes back last, unless the IPAM plugin needs the interface for that: nobody else can have
 * it while the interface is there. */
int cmd_del(const struct env *env, const struct conf *conf, json_t **ret, struct cni_error *e)
{
	auto_close int netns_fd = open_what_is_left(env);
	int r;

	(void)ret;
	agent_del(env, conf, netns_fd);
	if (!conf->standalone)
		return 0;
	if (ipam_uses_interface(conf))
		return del_over_interface(env, conf, netns_fd, e);
	r = cni_fail(e, CNI_INTERFACE, iface_del(env, conf, netns_fd, &e->err));
	if (r < 0)
		return r;
	return ipam_call("DEL", env, conf, e);
}
