/* SPDX-License-Identifier: Apache-2.0 */
/* An Event object (events.k8s.io/v1) as the API server takes it. Pure. The limits are those of
 * pkg/apis/core/validation/events.go.
 */
#ifndef SMC_AGENT_EVENT_OBJECT_H
#define SMC_AGENT_EVENT_OBJECT_H

#include <jansson.h>
#include <stdint.h>

#include "node-agent/events/events.h"

#define EVENT_NOTE_MAX 1024 /* bytes */
#define EVENT_NAME_MAX 253 /* of an object; also of pods and nodes */
#define EVENT_INSTANCE_MAX 128 /* of reportingInstance */
#define EVENT_HOUR_S 3600

struct event_about {
	bool node; /* a Node, of which name is all that counts */
	const char *namespace;
	const char *name;
	const char *uid; /* "" if unknown */
	const char *key; /* tells events of one object and reason apart; "" */
};

/* The hour of this node, counted from 1970: those of different nodes begin at different times, so
 * that not all of them tell again at once. The same after a restart. */
int64_t event_hour(const char *node_name, int64_t now_us);
/* A number that says which event of which hour it is. Never 0. */
uint64_t event_id(const struct event_about *about, enum events_reason reason, int64_t hour);
/* The object's name, cut where it must be, and the id: a DNS subdomain when about->name is one. */
const char *event_name(const struct event_about *about, uint64_t id, char buf[EVENT_NAME_MAX + 1]);
/* The namespace that the event belongs to: the pod's, or "default" for a node. */
const char *event_namespace(const struct event_about *about);
/* How many bytes of the text fit into max without cutting a character (UTF-8). */
size_t event_cut(const char *text, size_t max);
/* id: of event_id(), and in the name: an event of another hour must have another name, or the API
 * server takes it for the one before. now_us: since 1970. NULL: no memory, or about is no UTF-8. */
json_t *event_object(const struct event_about *about, enum events_reason reason, uint64_t id,
		     const char *note, const char *node_name, int64_t now_us);

int64_t event_now_us(void); /* the time of day */
const char *event_reason_text(enum events_reason reason);

#endif
