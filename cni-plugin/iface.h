/* The interface of a stand-alone pod: made, checked and removed, with the addresses and routes that
 * the IPAM plugin gave. Now of one kind: a veth pair whose host end hangs on a bridge.
 */
#ifndef SMC_PLUGIN_IFACE_H
#define SMC_PLUGIN_IFACE_H

#include <jansson.h>
#include <stdbool.h>

#include "cni-plugin/conf.h"
#include "cni-plugin/env.h"
#include "cni-plugin/result.h"

#define IFACE_NETLINK_MS 10000 /* limit for one answer of the kernel */

/* Before anything is asked of others: -EEXIST if one of the two ends is there already. */
int iface_free(const struct env *env, const struct conf *conf, int netns_fd, struct err *err);

/* `lease` is an imported result, or NULL: no IPAM, no addresses. *ret, owned by the caller, is
 * the result of the ADD in 1.x form; *ret_made_bridge is for iface_undo(). On failure nothing is
 * left. */
int iface_add(const struct env *env, const struct conf *conf, int netns_fd, const json_t *lease,
	      json_t **ret, bool *ret_made_bridge, struct err *err);
/* On the way out of an ADD that failed later: logs what it cannot take back. */
void iface_undo(const struct env *env, const struct conf *conf, bool made_bridge);

/* Is everything as `result` (imported) has it? -ENOENT names the first thing that is not. */
int iface_check(const struct env *env, const struct conf *conf, int netns_fd, const json_t *result,
		struct err *err);

/* What is gone is fine. Needs neither the pod's namespace nor a result. */
int iface_del(const struct env *env, const struct conf *conf, struct err *err);

/* Removes the interfaces of this network whose attachment is none of valid[0..n). Goes on after an
 * error and returns the first. */
int iface_gc(const struct conf *conf, const struct wire_attachment *valid, size_t n,
	     struct err *err);

/* The gateway of an address: what the IPAM plugin said, or for isGateway the first address of the
 * subnet. False if there is none. With the subnet's prefix length. */
bool iface_gateway(const struct conf *conf, const struct result_ip *ip, struct inet_addr *ret);

#endif
