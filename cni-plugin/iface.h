/* SPDX-License-Identifier: Apache-2.0 */
/* Makes, checks and removes the interface of a stand-alone pod, with the addresses and routes that
 * the IPAM plugin gave. What differs from kind to kind is in kind.h.
 */
#ifndef SMC_PLUGIN_IFACE_H
#define SMC_PLUGIN_IFACE_H

#include <jansson.h>
#include <stdbool.h>

#include "cni-plugin/conf.h"
#include "cni-plugin/env.h"
#include "cni-plugin/kind.h"
#include "common/link.h"
#include "common/result.h"

#define IFACE_NETLINK_MS 10000 /* limit for one answer of the kernel */

/* ADD in steps. The work has its sockets; all that it points to is borrowed. */
int iface_open(const struct env *env, const struct conf *conf, int netns_fd, struct kind_work *ret,
	       struct err *err);
void iface_close(struct kind_work *w); /* for auto_with() */
/* Asked before anything is asked of others: -EEXIST if one of the links to be made is there
 * already. */
int iface_free(const struct kind_work *w, struct err *err);
/* Makes the links, down in the pod. It needs no lease. On failure nothing is left. */
int iface_make(struct kind_work *w, struct err *err);
/* *ret, owned by the caller, is the result of the ADD in 1.x form. `lease` is an imported result,
 * or NULL: no IPAM, no addresses. */
int iface_result(const struct kind_work *w, const json_t *lease, json_t **ret, struct err *err);
/* Adds addresses and routes and brings the interface up. What was made stays on failure: see
 * iface_undo(). */
int iface_set_up(struct kind_work *w, const json_t *result, struct err *err);
/* For the way out of an ADD that failed after iface_make(). It logs what it cannot take back. */
void iface_undo(struct kind_work *w);

/* STATUS: could an ADD make its links, as far as that can be told without making any? */
int iface_ready(const struct env *env, const struct conf *conf, struct err *err);

/* Is everything as `result` (imported) has it? -ENOENT names the first thing that is not. */
int iface_check(const struct env *env, const struct conf *conf, int netns_fd, const json_t *result,
		struct err *err);

/* What is gone already is fine, and so is a namespace that is gone (netns_fd -1). It needs no
 * result. */
int iface_del(const struct env *env, const struct conf *conf, int netns_fd, struct err *err);

/* Removes the interfaces of this network whose attachment is none of valid[0..n). Goes on after an
 * error and returns the first. */
int iface_gc(const struct conf *conf, const struct wire_attachment *valid, size_t n,
	     struct err *err);

/* The gateway of an address, with the subnet's prefix length: what the IPAM plugin said, or for
 * isGateway and kind ptp the first address of the subnet. False if there is none. */
bool iface_gateway(const struct conf *conf, const struct result_ip *ip, struct inet_addr *ret);

#endif
