/* SPDX-License-Identifier: Apache-2.0 */
/* The node agent's part of each verb: the client of common/wire.h.
 *
 * A verb spends at most agentTimeoutMs on the agent, sending to it and waiting for it. One that is
 * away, hangs or answers nonsense never fails a verb, but for an ADD of a pod that requires
 * steering, GC, and STATUS under strictStatus.
 */
#ifndef SMC_PLUGIN_AGENT_H
#define SMC_PLUGIN_AGENT_H

#include <jansson.h>

#include "cni-plugin/conf.h"
#include "cni-plugin/env.h"
#include "cni-plugin/error.h"

/* PREPARE, the netns part, COMMIT. Without the agent the pod starts on TCP with one warning, and
 * the request is kept for the agent; a pod that requires steering fails with CNI_TRY_AGAIN instead.
 * On failure the netns and the agent are as before. `result` is an imported one (result.h). */
int agent_add(const struct env *env, const struct conf *conf, int netns_fd, const json_t *result,
	      struct cni_error *e);

/* The same in two steps: the caller does what it still has to do in the pod while the agent does
 * the host's side. NULL: no memory. If it is freed between the two, the agent takes back what it
 * did; it is told so where it may have committed at once. env and conf are borrowed. */
struct agent_add *agent_add_begin(const struct env *env, const struct conf *conf, int netns_fd,
				  const json_t *result);
int agent_add_end(struct agent_add *a, struct cni_error *e);
void agent_add_free(struct agent_add **a); /* for auto_with(); *a may be NULL */

/* Turns steering off and undoes the netns part. netns_fd -1: the netns is gone. Never fails. */
void agent_del(const struct env *env, const struct conf *conf, int netns_fd);

/* CNI_MISSING if something is not in force. */
int agent_check(const struct env *env, const struct conf *conf, int netns_fd, const json_t *result,
		struct cni_error *e);

int agent_gc(const struct conf *conf, const struct wire_attachment *valid, size_t n,
	     struct cni_error *e);

/* CNI_NOT_READY unless the agent says that it is ready. */
int agent_status(const struct conf *conf, struct cni_error *e);

#endif
