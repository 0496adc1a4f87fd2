/* SPDX-License-Identifier: Apache-2.0 */
/* Room events/: Kubernetes events: what is told, in which words, how often, and the queue of them.
 * Thread: the loop's; nothing waits, and nothing depends on them.
 * Never: looks at the node; the agent says what happened.
 */

/* Kubernetes events: what `kubectl describe` shows of pods and of the node. Loop thread only;
 * nothing waits.
 *
 * One event for each object, reason and hour, its name made of them: an agent that was restarted
 * finds it there (409) and is content. Rate limited (gate.h), sent again with back-off while
 * the API server is away, and given up after some minutes: events tell, nothing depends on them.
 */
#ifndef SMC_AGENT_EVENTS_H
#define SMC_AGENT_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"

struct kube;
struct loop;
struct events; /* agent->events; NULL where there is no API server: every call accepts it */

enum events_reason {
	EVENTS_STEERED, /* "SMCSteered", Normal; the others are Warnings */
	EVENTS_FALLBACK, /* "SMCFallback" */
	EVENTS_INVALID_ANNOTATION, /* "SMCInvalidAnnotation" */
	EVENTS_UNAVAILABLE, /* "SMCUnavailable" */
	EVENTS_PAUSED, /* "SMCPaused" */
};

/* Borrows kube, loop and node_name; makes no request. */
int events_new(struct kube *kube, struct loop *loop, const char *node_name, struct events **ret,
	       struct err *err);
/* After kube_free(): a reply may be on its way. NULL is fine. */
void events_free(struct events *e);

/* How many were not told so far, for whatever reason. What lasts is tried again, and may count more
 * than once. */
uint64_t events_lost(const struct events *e);

/* About a pod. uid: as the runtime has it, which for a static pod is the hash of its configuration;
 * that is what kubectl looks for, not the uid of its mirror. Without a namespace or name there is
 * nobody to tell. note is cut at 1024 bytes. True: on its way; false: told in this hour already, or
 * dropped. */
bool events_pod(struct events *e, const char *namespace, const char *name, const char *uid,
		enum events_reason reason, const char *note);
/* About the Node object; `key` tells different troubles of one reason apart. */
bool events_node(struct events *e, enum events_reason reason, const char *key, const char *note);

#endif
