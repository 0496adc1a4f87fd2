/* SPDX-License-Identifier: Apache-2.0 */
/* What the plugin leaves beside the agent's socket for an agent that is away, and what it finds
 * there (common/wire.h). All paths are below the folder of conf's agentSocket.
 */
#ifndef SMC_PLUGIN_PENDING_H
#define SMC_PLUGIN_PENDING_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "cni-plugin/conf.h"
#include "common/netns.h"
#include "common/podnet.h"
#include "common/wire.h"

/* Writes the request of an ADD: a prepare message with "netnsPath", which namespace that is, and
 * "undo" (what the plugin did there on its own). Makes the folders. */
int pending_write(const struct conf *conf, const struct wire_prepare *request, const char *netns,
		  const struct podnet *undo, struct err *err);
/* Removes the request, if there is one. True if it says what to undo, and in which network
 * namespace. Never fails a DEL: there is nothing to do about what cannot be read. */
bool pending_take(const struct conf *conf, const struct wire_attachment *a, struct podnet *ret_undo,
		  struct netns_id *ret_netns);
/* Removes the requests of conf's network whose attachment is none of valid[0..n). */
void pending_gc(const struct conf *conf, const struct wire_attachment *valid, size_t n);

/* Does the agent's list name this namespace? False when there is no list. */
bool pending_namespace_required(const struct conf *conf, const char *namespace);

#endif
