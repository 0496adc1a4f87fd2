/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/kube/watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/log.h"
#include "node-agent/kube/progress.h"
#include "node-agent/kube/query.h"
#include "node-agent/parse/json_cut.h"

#define PAGE_OBJECTS 250
#define LIST_MS 60000 /* one page */

/* Metadata suffices, until somebody wants more; a server that cannot give it alone gives the
 * objects (Kubernetes API concepts, "Metadata-only fetches"). */
static const char list_accept[] =
	"application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json";
static const char watch_accept[] =
	"application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
static const char whole_accept[] = "application/json";

static const struct kube_watch_times usual = { .min_s = 300, .max_s = 600, .idle_ms = 150000 };

struct kube_watch {
	struct kube *kube;
	struct loop *loop;
	struct kube_watch_target target;
	char *selector;
	struct kube_progress progress;
	struct kube_stream *stream; /* the request under way; NULL */
	struct json_cut cut; /* of its answer */
	struct kube_outcome outcome; /* of it, as far as it has come */
	bool answered; /* its answer has begun */
	struct err bad; /* what was wrong in the answer */
	char *cont; /* LIST: the next page; NULL */
	struct manifest_object **objects; /* LIST: those so far */
	size_t n_objects;
	int64_t begun_ms;
	struct loop_timer again; /* when the next request is due */
	struct loop_timer idle;
	bool whole; /* objects are wanted whole */
	struct loop_timer widen; /* which begins then */
	struct err why;
};

static uint32_t random_number(void)
{
	uint32_t n;

	if (getrandom(&n, sizeof(n), GRND_NONBLOCK) != (ssize_t)sizeof(n))
		n = (uint32_t)clock_now_ms(); /* early after boot */
	return n;
}

static void drop_list(struct kube_watch *w)
{
	for (size_t i = 0; i < w->n_objects; i++)
		manifest_object_unref(w->objects[i]);
	free(w->objects);
	free(w->cont);
	w->objects = NULL;
	w->cont = NULL;
	w->n_objects = 0;
}

/* ---- what comes ---- */

/* A bad object of a list is passed over, as asking again would bring it again. */
static bool take_item(void *arg, const char *text, size_t len)
{
	struct kube_watch *w = arg;
	struct manifest_object *o = NULL, **grown;
	struct err err = ERR_INIT;

	if (kube_object_parse(text, len, w->target.kind, &o, &err) < 0) {
		log_warn("object of the API server is passed over", "path", w->target.path, "err",
			 err.msg);
		return true;
	}
	grown = reallocarray(w->objects, w->n_objects + 1, sizeof(struct manifest_object *));
	if (!grown) {
		manifest_object_unref(o);
		(void)err_sys(&w->bad, ENOMEM, "keep an object");
		return false;
	}
	w->objects = grown;
	w->objects[w->n_objects++] = o;
	return true;
}

static bool take_error(struct kube_watch *w, const struct kube_event *e)
{
	w->outcome.gone = e->code == 410;
	w->outcome.whole = false;
	(void)err_set(&w->bad, -EIO, "the server ends the watch: %s (code %d)", e->message,
		      e->code);
	return false;
}

static bool take_event(void *arg, const char *text, size_t len)
{
	struct kube_watch *w = arg;
	struct kube_event e = { 0 };
	bool more = true;

	if (kube_event_parse(text, len, w->target.kind, &e, &w->bad) < 0) {
		w->outcome.malformed = true;
		return false;
	}
	if (e.type == KUBE_ERROR) {
		more = take_error(w, &e);
	} else {
		w->outcome.fruitful = true;
		strcpy(w->progress.version, e.version);
		if (e.object)
			w->target.changed(w->target.arg, e.type, e.object);
	}
	kube_event_clear(&e);
	return more;
}

static void say_good(struct kube_watch *w)
{
	if (w->why.msg[0])
		log_info("the API server is followed again", "path", w->target.path);
	w->why.msg[0] = '\0';
}

static bool on_data(void *arg, const char *data, size_t len)
{
	struct kube_watch *w = arg;
	bool listing = w->progress.phase == KUBE_LIST;
	int r;

	w->answered = true;
	loop_arm(w->loop, &w->idle, clock_now_ms() + w->target.times->idle_ms);
	if (!listing)
		say_good(w); /* it is open */
	r = json_cut_feed(&w->cut, data, len, listing ? take_item : take_event, w, &w->bad);
	if (r < 0 && r != -ECANCELED && r != -ENOMEM)
		w->outcome.malformed = true;
	return r == 0;
}

/* ---- the end of a request ---- */

/* The page is whole. */
static int take_page(struct kube_watch *w)
{
	char version[KUBE_VERSION_MAX];
	json_auto_t *list = NULL;
	int r = json_cut_end(&w->cut, &list, &w->bad);

	free(w->cont);
	w->cont = NULL;
	if (r == 0)
		r = kube_list_meta(list, version, &w->cont, &w->bad);
	if (r < 0) {
		w->outcome.malformed = r != -ENOMEM;
		return r;
	}
	w->outcome.fruitful = true;
	w->outcome.more = w->cont != NULL;
	if (w->cont)
		return 0;
	strcpy(w->progress.version, version);
	w->target.listed(w->target.arg, w->objects, w->n_objects);
	drop_list(w);
	return 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* libcurl's text has the milliseconds that it took, which are others each time. */
static bool same_but_for_numbers(const char *a, const char *b)
{
	for (;;) {
		while (is_digit(*a))
			a++;
		while (is_digit(*b))
			b++;
		if (*a != *b || !*a)
			return *a == *b;
		a++;
		b++;
	}
}

static void say_trouble(struct kube_watch *w, const char *error)
{
	struct err now = ERR_INIT;

	(void)err_set(&now, -EIO, "%s", w->bad.msg[0] ? w->bad.msg : error);
	if (!now.msg[0])
		(void)err_set(&now, -EIO, "the answer ended at once");
	if (w->bad.msg[0])
		(void)err_prefix(&now, -EIO, "%s %s",
				 w->progress.phase == KUBE_LIST ? "list" : "watch", w->target.path);
	if (!same_but_for_numbers(now.msg, w->why.msg))
		log_warn("the API server is not followed, trying again", "err", now.msg);
	w->why = now;
}

static void go_on(struct kube_watch *w, const char *error)
{
	uint64_t restarts = w->progress.restarts;
	int64_t delay_ms;

	loop_disarm(&w->idle);
	json_cut_clear(&w->cut);
	delay_ms = kube_progress_next(&w->progress, &w->outcome, random_number());
	if (w->progress.restarts != restarts) {
		say_trouble(w, error);
		drop_list(w);
	} else {
		say_good(w);
	}
	w->bad.msg[0] = '\0';
	loop_arm(w->loop, &w->again, clock_now_ms() + delay_ms);
}

static void on_done(void *arg, const struct kube_reply *reply)
{
	struct kube_watch *w = arg;
	struct kube_outcome *o = &w->outcome;

	w->stream = NULL;
	o->status = reply->status;
	o->whole = !reply->error[0] && !w->bad.msg[0];
	o->gone |= reply->status == 410;
	o->retry_after_ms = reply->retry_after_ms;
	if (o->whole && w->progress.phase == KUBE_LIST)
		o->whole = take_page(w) == 0;
	else if (o->whole && json_cut_end(&w->cut, NULL, &w->bad) < 0)
		o->whole = false;
	if (w->progress.phase == KUBE_WATCH && o->whole && clock_now_ms() - w->begun_ms >= 1000)
		o->fruitful = true;
	go_on(w, reply->error);
}

/* A watch may be silent for long, as a bookmark comes only when the version has grown (apiserver,
 * cache_watcher.go). It is then asked again from where it is, which shows whether the server is
 * there. */
static void on_idle(void *arg)
{
	struct kube_watch *w = arg;

	kube_cancel(w->stream);
	w->stream = NULL;
	if (w->progress.phase == KUBE_WATCH && w->answered) {
		w->outcome =
			(struct kube_outcome){ .status = 200, .whole = true, .fruitful = true };
		go_on(w, "");
		return;
	}
	w->outcome.whole = false;
	(void)err_set(&w->bad, -ETIMEDOUT, "nothing came for %lld s",
		      (long long)(w->target.times->idle_ms / 1000));
	go_on(w, "");
}

/* Whatever is under way is given up for a new list. */
static void on_widen(void *arg)
{
	struct kube_watch *w = arg;

	kube_cancel(w->stream);
	w->stream = NULL;
	loop_disarm(&w->idle);
	loop_disarm(&w->again);
	json_cut_clear(&w->cut);
	drop_list(w);
	w->bad.msg[0] = '\0';
	w->progress.phase = KUBE_LIST;
	loop_arm(w->loop, &w->again, clock_now_ms());
}

void kube_watch_want_whole(struct kube_watch *w)
{
	if (w->whole)
		return;
	w->whole = true;
	loop_arm(w->loop, &w->widen, clock_now_ms()); /* the answer that says so is being read */
}

/* ---- a request ---- */

static const char *accept_of(const struct kube_watch *w, bool listing)
{
	return w->whole ? whole_accept : listing ? list_accept : watch_accept;
}

static void on_again(void *arg)
{
	struct kube_watch *w = arg;
	const struct kube_watch_times *t = w->target.times;
	bool listing = w->progress.phase == KUBE_LIST;
	unsigned int timeout_s =
		(unsigned int)t->min_s + random_number() % (unsigned int)(t->max_s - t->min_s + 1);
	auto_free char *path =
		listing ? kube_query_list(w->target.path, w->selector, PAGE_OBJECTS, w->cont) :
			  kube_query_watch(w->target.path, w->selector, w->progress.version,
					   timeout_s);

	w->outcome = (struct kube_outcome){ 0 };
	w->answered = false;
	w->cut.mode = listing ? JSON_CUT_ITEMS : JSON_CUT_LINES;
	w->begun_ms = clock_now_ms();
	if (path && kube_stream(w->kube, path, accept_of(w, listing), listing ? LIST_MS : 0,
				on_data, on_done, w, &w->stream) == 0) {
		loop_arm(w->loop, &w->idle, clock_now_ms() + t->idle_ms);
		return;
	}
	(void)err_sys(&w->bad, ENOMEM, "ask the API server");
	go_on(w, "");
}

struct kube_watch *kube_watch_new(struct kube *kube, struct loop *loop,
				  const struct kube_watch_target *target)
{
	struct kube_watch *w = calloc(1, sizeof(*w));

	if (!w)
		return NULL;
	w->selector = strdup(target->selector);
	if (!w->selector) {
		free(w);
		return NULL;
	}
	w->kube = kube;
	w->loop = loop;
	w->target = *target;
	w->target.selector = w->selector;
	if (!w->target.times)
		w->target.times = &usual;
	w->again = (struct loop_timer){ .fn = on_again, .arg = w };
	w->idle = (struct loop_timer){ .fn = on_idle, .arg = w };
	w->widen = (struct loop_timer){ .fn = on_widen, .arg = w };
	loop_arm(loop, &w->again, clock_now_ms());
	return w;
}

void kube_watch_free(struct kube_watch *w)
{
	if (!w)
		return;
	kube_cancel(w->stream);
	loop_disarm(&w->again);
	loop_disarm(&w->idle);
	loop_disarm(&w->widen);
	drop_list(w);
	json_cut_clear(&w->cut);
	free(w->selector);
	free(w);
}

const char *kube_watch_why(const struct kube_watch *w)
{
	return w->why.msg;
}

uint64_t kube_watch_restarts(const struct kube_watch *w)
{
	return w->progress.restarts;
}
