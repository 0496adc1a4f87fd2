/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/events/object.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/names.h"
#include "common/printable.h"
#include "common/wire.h"

#define CONTROLLER NAMES_PREFIX "node-agent"
#define ID_LEN 16 /* hexadecimal digits */

static const struct {
	const char *reason;
	const char *action; /* what was done, or tried */
	const char *type;
} kinds[] = {
	[EVENTS_STEERED] = { "SMCSteered", "Steer", "Normal" },
	[EVENTS_FALLBACK] = { "SMCFallback", "Connect", "Warning" },
	[EVENTS_INVALID_ANNOTATION] = { "SMCInvalidAnnotation", "ReadAnnotations", "Warning" },
	[EVENTS_UNAVAILABLE] = { "SMCUnavailable", "Steer", "Warning" },
	[EVENTS_PAUSED] = { "SMCPaused", "Connect", "Warning" },
};

const char *event_reason_text(enum events_reason reason)
{
	return kinds[reason].reason;
}

#define HASH_BEGIN 0xcbf29ce484222325

/* FNV-1a, 64 bits, the text's end included. */
static uint64_t hash_text(uint64_t h, const char *text)
{
	for (const char *p = text;; p++) {
		h = (h ^ (unsigned char)*p) * 0x100000001b3;
		if (!*p)
			return h;
	}
}

int64_t event_hour(const char *node_name, int64_t now_us)
{
	int64_t shift_s = (int64_t)(hash_text(HASH_BEGIN, node_name) % EVENT_HOUR_S);

	return (now_us / 1000000 + shift_s) / EVENT_HOUR_S;
}

uint64_t event_id(const struct event_about *about, enum events_reason reason, int64_t hour)
{
	uint64_t h = HASH_BEGIN;
	char number[24];

	(void)snprintf(number, sizeof(number), "%" PRId64, hour);
	h = hash_text(h, about->node ? "Node" : "Pod");
	h = hash_text(h, about->node ? "" : about->namespace);
	h = hash_text(h, about->name);
	h = hash_text(h, about->node ? "" : about->uid);
	h = hash_text(h, about->key);
	h = hash_text(h, kinds[reason].reason);
	h = hash_text(h, number);
	return h ? h : 1;
}

const char *event_name(const struct event_about *about, uint64_t id, char buf[EVENT_NAME_MAX + 1])
{
	size_t len = strlen(about->name);

	if (len > EVENT_NAME_MAX - 1 - ID_LEN)
		len = EVENT_NAME_MAX - 1 - ID_LEN;
	while (len > 0 && (about->name[len - 1] == '.' || about->name[len - 1] == '-'))
		len--;
	(void)snprintf(buf, EVENT_NAME_MAX + 1, "%.*s.%016" PRIx64, (int)len, about->name, id);
	return buf;
}

const char *event_namespace(const struct event_about *about)
{
	return about->node ? "default" : about->namespace;
}

size_t event_cut(const char *text, size_t max)
{
	size_t len = strnlen(text, max + 1);

	if (len <= max)
		return len;
	len = max;
	while (len > 0 && ((unsigned char)text[len] & 0xc0) == 0x80)
		len--; /* the middle of a character */
	return len;
}

/* As in kubelet's events the node's name is its uid; kubectl looks for that. */
static json_t *regarding(const struct event_about *about)
{
	if (about->node)
		return json_pack("{s:s, s:s, s:s, s:s}", "apiVersion", "v1", "kind", "Node", "name",
				 about->name, "uid", about->name);
	return json_pack("{s:s, s:s, s:s, s:s, s:s*}", "apiVersion", "v1", "kind", "Pod",
			 "namespace", about->namespace, "name", about->name, "uid",
			 about->uid[0] ? about->uid : NULL);
}

/* RFC 3339 with microseconds. */
static void format_time(int64_t now_us, char *buf, size_t size)
{
	time_t s = (time_t)(now_us / 1000000);
	char whole[32] = "";
	struct tm tm;

	if (gmtime_r(&s, &tm))
		(void)strftime(whole, sizeof(whole), "%Y-%m-%dT%H:%M:%S", &tm);
	(void)snprintf(buf, size, "%s.%06dZ", whole, (int)(now_us % 1000000));
}

json_t *event_object(const struct event_about *about, enum events_reason reason, uint64_t id,
		     const char *note, const char *node_name, int64_t now_us)
{
	char name[EVENT_NAME_MAX + 1], when[48], cut[EVENT_NOTE_MAX + 1];

	format_time(now_us, when, sizeof(when));
	(void)printable(note, cut, sizeof(cut)); /* kubectl shows a note as it is */
	return json_pack("{s:s, s:s, s:{s:s, s:s}, s:s, s:s, s:s%, s:s, s:s, s:s, s:o, s:o}",
			 "apiVersion", "events.k8s.io/v1", "kind", "Event", "metadata", "name",
			 event_name(about, id, name), "namespace", event_namespace(about),
			 "eventTime", when, "reportingController", CONTROLLER, "reportingInstance",
			 node_name, event_cut(node_name, EVENT_INSTANCE_MAX), "action",
			 kinds[reason].action, "reason", kinds[reason].reason, "type",
			 kinds[reason].type, "regarding", regarding(about), "note", wire_text(cut));
}

int64_t event_now_us(void)
{
	struct timespec ts = { 0 };

	(void)clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
