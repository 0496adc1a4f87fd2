/* SPDX-License-Identifier: Apache-2.0 */
/* What events say: sentences for those who run the pod, each with what to do. Pure. */
#ifndef SMC_AGENT_EVENT_TEXT_H
#define SMC_AGENT_EVENT_TEXT_H

#include "node-agent/model/path.h"
#include "node-agent/model/policy.h"
#include "node-agent/model/tally.h"

#define EVENT_TEXT_MAX 2048 /* events_pod() cuts at its own limit */
#define EVENT_LATE_MAX 80

/* "2 listeners opened before stay TCP"; listeners -1: not known how many. */
const char *event_late_text(int listeners, char buf[EVENT_LATE_MAX]);
/* SMCSteered. late: from now on, with what event_late_text() says. */
const char *event_steered_text(const struct policy_verdict *v, bool late, int listeners,
			       char buf[EVENT_TEXT_MAX]);
/* SMCInvalidAnnotation of a pod that is steered: a name that none of its containers has. */
const char *event_stray_text(const struct policy_verdict *v, char buf[EVENT_TEXT_MAX]);
/* SMCInvalidAnnotation, SMCUnavailable of a pod. */
const char *event_denied_text(const struct policy_verdict *v, char buf[EVENT_TEXT_MAX]);
/* SMCUnavailable of the node. */
const char *event_node_text(const char *why, char buf[EVENT_TEXT_MAX]);
/* SMCPaused: SMC-R to that peer is not offered for a while. */
const char *event_closed_text(const struct path_entry *path, char buf[EVENT_TEXT_MAX]);
/* SMCPaused: so many sockets of the pod so far stayed TCP, since its connects wait. */
const char *event_bounded_text(uint64_t n, char buf[EVENT_TEXT_MAX]);
/* Fallbacks that somebody can do something about. */
uint64_t event_fallbacks(const struct tally *t);
/* SMCFallback: all of those, most frequent first. */
const char *event_fallback_text(const struct tally *t, char buf[EVENT_TEXT_MAX]);

#endif
