/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/events/events.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "node-agent/events/gate.h"
#include "node-agent/events/object.h"
#include "node-agent/kube/kube.h"
#include "node-agent/loop/loop.h"

#define QUEUE_MAX 128 /* so many may wait; more are dropped */
#define RETRY_FIRST_MS 1000 /* doubled each time, up to */
#define RETRY_MAX_MS 60000
#define GIVE_UP_MS (10 * 60 * 1000) /* since it happened */
#define DROPS_LOG_MS 60000 /* how often the log tells of drops */
#define PATH_ROOM 512

/* An event that waits or is on its way. */
struct waiting {
	struct waiting *next;
	int64_t born_ms;
	json_t *object;
	char path[PATH_ROOM];
};

struct events {
	struct kube *kube;
	struct loop *loop;
	const char *node_name;
	struct event_gate gate;
	struct waiting *first, **end; /* the first one is the one on its way, if any */
	int n;
	bool busy; /* an answer is awaited */
	int64_t pause_ms; /* before the next try; 0: the last one went well */
	struct loop_timer timer;
	int64_t drops_logged_ms;
	unsigned long drops; /* since then */
	int64_t full_hour; /* of which the log says that it had too many */
	uint64_t lost; /* in all */
};

static void waiting_free(struct waiting *w)
{
	if (w)
		json_decref(w->object);
	free(w);
}

static void cleanup_waiting(struct waiting **w)
{
	waiting_free(*w);
}

int events_new(struct kube *kube, struct loop *loop, const char *node_name, struct events **ret,
	       struct err *err)
{
	struct events *e = calloc(1, sizeof(*e));

	if (!e)
		return err_sys(err, ENOMEM, "prepare events");
	e->kube = kube;
	e->loop = loop;
	e->node_name = node_name;
	e->end = &e->first;
	*ret = e;
	return 0;
}

static void drop(struct events *e, struct waiting **at)
{
	struct waiting *w = *at;

	*at = w->next;
	if (!*at)
		e->end = at;
	e->n--;
	waiting_free(w);
}

void events_free(struct events *e)
{
	if (!e)
		return;
	loop_disarm(&e->timer);
	while (e->first)
		drop(e, &e->first);
	free(e);
}

/* ---- sending ---- */

static void go_on(struct events *e);

static void on_timer(void *arg)
{
	go_on(arg);
}

static void pause_for(struct events *e, int64_t ms)
{
	e->timer.fn = on_timer;
	e->timer.arg = e;
	loop_arm(e->loop, &e->timer, clock_now_ms() + ms);
}

/* True if the same request may succeed later. */
static bool is_passing(const struct kube_reply *reply)
{
	return reply->status == 0 || reply->status == 429 || reply->status >= 500 ||
	       reply->status == 401; /* a token is about to be rotated */
}

static void lose(struct events *e, unsigned int n, const char *why)
{
	char text[16];

	e->lost += n;
	(void)snprintf(text, sizeof(text), "%u", n);
	log_warn("events are lost, the API server does not take them", "events", text, "err", why);
}

static void append(struct events *e, struct waiting *w)
{
	w->next = NULL;
	*e->end = w;
	e->end = &w->next;
}

/* The trouble may be this event's alone, such as a webhook of its namespace, so the others go
 * on. */
static void put_last(struct events *e)
{
	struct waiting *w = e->first;

	if (!w || !w->next)
		return;
	e->first = w->next;
	append(e, w);
}

/* They are too old to be of use. */
static void drop_overdue(struct events *e, const char *why)
{
	struct waiting **at = &e->first;
	unsigned int n = 0;

	while (*at) {
		if (clock_now_ms() - (*at)->born_ms < GIVE_UP_MS) {
			at = &(*at)->next;
		} else {
			drop(e, at);
			n++;
		}
	}
	if (n > 0)
		lose(e, n, why);
}

static void try_later(struct events *e, const struct kube_reply *reply)
{
	e->pause_ms = e->pause_ms ? 2 * e->pause_ms : RETRY_FIRST_MS;
	if (e->pause_ms > RETRY_MAX_MS)
		e->pause_ms = RETRY_MAX_MS;
	pause_for(e, reply->retry_after_ms > e->pause_ms ? reply->retry_after_ms : e->pause_ms);
}

static void on_reply(void *arg, const struct kube_reply *reply)
{
	struct events *e = arg;
	bool done = (reply->status >= 200 && reply->status < 300) || reply->status == 409;

	e->busy = false;
	if (!done && is_passing(reply)) {
		drop_overdue(e, reply->error);
		if (reply->status >= 500)
			put_last(e);
		try_later(e, reply);
		return;
	}
	if (!done)
		lose(e, 1, reply->error);
	e->pause_ms = 0;
	drop(e, &e->first);
	go_on(e);
}

/* Sends the first one that waits, if it is time. One at a time: their order stays, but for
 * put_last(). */
static void go_on(struct events *e)
{
	struct waiting *w = e->first;
	json_t *body;
	int64_t ms;

	if (!w || e->busy || e->timer.due_ms)
		return;
	ms = event_gate_take(&e->gate, clock_now_ms());
	if (ms > 0) {
		pause_for(e, ms);
		return;
	}
	body = json_incref(w->object);
	e->busy = kube_call(e->kube, "POST", w->path, body, on_reply, e) == 0;
	if (!e->busy)
		pause_for(e, RETRY_MAX_MS); /* no memory */
}

/* ---- what comes in ---- */

/* Logs one line a minute at most, and forgets none. */
static void log_drops(struct events *e, int64_t now_ms)
{
	char n[24];

	e->drops++;
	e->lost++;
	if (e->drops_logged_ms && now_ms - e->drops_logged_ms < DROPS_LOG_MS)
		return;
	(void)snprintf(n, sizeof(n), "%lu", e->drops);
	log_warn("events are dropped, too many wait to be sent", "events", n);
	e->drops_logged_ms = now_ms;
	e->drops = 0;
}

/* One line an hour: who reads it knows that the events of this hour are not all. */
static void log_full(struct events *e, int64_t hour)
{
	char n[16];

	e->lost++;
	if (e->full_hour == hour)
		return;
	e->full_hour = hour;
	(void)snprintf(n, sizeof(n), "%d", EVENT_GATE_MAX);
	log_warn("events are dropped until the hour is over, it had as many as there may be",
		 "events", n);
}

static struct waiting *waiting_new(struct events *e, const struct event_about *about,
				   enum events_reason reason, uint64_t id, const char *note,
				   int64_t now_us)
{
	auto_with(cleanup_waiting) struct waiting *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->born_ms = clock_now_ms();
	w->object = event_object(about, reason, id, note, e->node_name, now_us);
	if (!w->object)
		return NULL;
	(void)snprintf(w->path, sizeof(w->path), "/apis/events.k8s.io/v1/namespaces/%s/events",
		       event_namespace(about));
	return TAKE_PTR(w);
}

static bool tell(struct events *e, const struct event_about *about, enum events_reason reason,
		 const char *note)
{
	int64_t now_us = event_now_us(), hour = event_hour(e->node_name, now_us);
	uint64_t id = event_id(about, reason, hour);
	enum event_gate_answer answer = event_gate_ask(&e->gate, id, hour);
	struct waiting *w;

	if (answer == EVENT_GATE_FULL)
		log_full(e, hour);
	if (answer != EVENT_GATE_NEW)
		return false;
	w = e->n < QUEUE_MAX ? waiting_new(e, about, reason, id, note, now_us) : NULL;
	if (!w) {
		log_drops(e, clock_now_ms());
		return false;
	}
	event_gate_told(&e->gate, id);
	append(e, w);
	e->n++;
	go_on(e);
	return true;
}

uint64_t events_lost(const struct events *e)
{
	return e ? e->lost : 0;
}

bool events_pod(struct events *e, const char *namespace, const char *name, const char *uid,
		enum events_reason reason, const char *note)
{
	struct event_about about = { .namespace = namespace, .name = name, .uid = uid, .key = "" };

	return e && namespace[0] && name[0] && tell(e, &about, reason, note);
}

bool events_node(struct events *e, enum events_reason reason, const char *key, const char *note)
{
	struct event_about about = { .node = true, .namespace = "", .uid = "", .key = key };

	if (!e)
		return false;
	about.name = e->node_name;
	return tell(e, &about, reason, note);
}
