/* SPDX-License-Identifier: Apache-2.0 */
/* The verbs of the CNI specification. Each writes *ret (the answer; only ADD has one; owned by the
 * caller) on success only, and sets *e on failure. What a failed ADD made is taken back.
 */
#ifndef SMC_PLUGIN_CMD_H
#define SMC_PLUGIN_CMD_H

#include <jansson.h>

#include "cni-plugin/conf.h"
#include "cni-plugin/env.h"
#include "cni-plugin/error.h"

typedef int cmd_fn(const struct env *env, const struct conf *conf, json_t **ret,
		   struct cni_error *e);

cmd_fn cmd_add, cmd_del, cmd_check, cmd_gc, cmd_status;

/* prevResult, imported; CNI_CONFIG if there is none or it is wrong. */
int cmd_prev_result(const struct conf *conf, json_t **ret, struct cni_error *e);

/* CNI_NETNS, a namespace that exists and is not the host's; returns a descriptor. */
int cmd_open_netns(const struct env *env, struct cni_error *e);

#endif
