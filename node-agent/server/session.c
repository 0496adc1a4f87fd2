/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/server/session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/json.h"

static bool has_output(const struct session *s)
{
	return s->out_next < json_array_size(s->out);
}

static void watch_for(struct session *s)
{
	uint32_t events = EPOLLRDHUP;

	if (s->wait == SESSION_DEAD)
		return;
	if (s->wait == SESSION_READY)
		events |= EPOLLIN;
	if (has_output(s))
		events |= EPOLLOUT;
	(void)loop_rewatch(s->agent->loop, &s->watch, events);
}

static void arm(struct session *s, int64_t ms)
{
	loop_arm(s->agent->loop, &s->timer, clock_now_ms() + ms);
}

static void drop_request(struct session *s)
{
	json_decref(s->request);
	s->request = NULL;
	if (s->passed_fd >= 0)
		(void)close(s->passed_fd);
	s->passed_fd = -1;
}

/* Into the histogram, once, how long the request under way has taken. */
static void observe(struct session *s)
{
	enum latency_verb verb = s->request ? latency_verb(s->verb) : LATENCY_N_VERBS;

	if (verb >= LATENCY_N_VERBS)
		return;
	latency_observe(&s->agent->requests[verb], (uint64_t)(clock_now_ms() - s->begun_ms) * 1000);
	s->verb = "";
}

void session_wait(struct session *s, enum session_wait wait)
{
	s->wait = wait;
	if (wait == SESSION_READY) {
		drop_request(s);
		arm(s, s->attach ? SESSION_COMMIT_MS : SESSION_IDLE_MS);
	} else if (wait == SESSION_CLOSING) {
		drop_request(s);
		arm(s, SESSION_LINGER_MS);
	} else {
		arm(s, SESSION_BUSY_MS);
	}
	watch_for(s);
}

void session_close(struct session *s)
{
	struct attach *a = s->attach;

	if (s->wait == SESSION_DEAD)
		return;
	loop_disarm(&s->timer);
	loop_unwatch(s->agent->loop, &s->watch);
	(void)close(s->watch.fd);
	observe(s); /* one without an answer took long, too: its client waits no more */
	drop_request(s);
	s->wait = SESSION_DEAD;
	s->attach = NULL;
	s->closed(s->closed_arg);
	if (!a)
		return;
	a->session = NULL;
	if (!a->commit) /* once COMMIT has come it holds; DEL is the way back */
		agent_unwant(s->agent, a, false);
}

void session_free(struct session *s)
{
	json_decref(s->out);
	free(s);
}

static void flush(struct session *s)
{
	while (has_output(s)) {
		struct err err = ERR_INIT;
		int r = wire_send(s->watch.fd, json_array_get(s->out, s->out_next), -1, 0, &err);

		if (r == -EAGAIN)
			return;
		if (r < 0) {
			log_debug("client is lost", "err", err.msg);
			session_close(s);
			return;
		}
		s->out_next++;
	}
	(void)json_array_clear(s->out);
	s->out_next = 0;
	if (s->wait == SESSION_CLOSING)
		session_close(s);
}

void session_send(struct session *s, json_t *msg)
{
	if (s->wait == SESSION_DEAD) {
		json_decref(msg);
		return;
	}
	if (!msg || json_array_append_new(s->out, msg) < 0) {
		session_close(s); /* there is no memory, and an end is an answer too */
		return;
	}
	if (json_array_size(s->out) == s->out_next + 1)
		flush(s);
}

void session_reply(struct session *s, json_t *msg)
{
	observe(s);
	session_send(s, msg);
	if (s->wait != SESSION_DEAD)
		session_wait(s, SESSION_READY);
}

void session_error(struct session *s, const char *code, const char *text)
{
	session_reply(s, wire_error(code, text));
}

void session_no_memory(struct session *s)
{
	session_error(s, WIRE_CODE_UNAVAILABLE, "the agent is out of memory");
}

/* How long the plugin waits for the answer. */
static int64_t wait_of(const struct session *s)
{
	int64_t ms = AGENT_REQUEST_MS;

	(void)smc_json_get_int(s->request, "message", "timeoutMs", 0, INT32_MAX, &ms, NULL);
	return ms;
}

/* has_left: who sent it does not wait for the answer any more. */
static void on_readable(struct session *s, bool has_left)
{
	struct err err = ERR_INIT;
	int r = wire_recv(s->watch.fd, &s->request, &s->passed_fd, 0, &err);

	if (r == -EAGAIN)
		return;
	s->begun_ms = clock_now_ms();
	s->waited = false;
	s->verb = "";
	if (r == 0)
		r = smc_json_need_string(s->request, "message", "verb", &s->verb, &err);
	if (r >= 0 && has_left && !strcmp(s->verb, "prepare")) { /* its pod starts on TCP */
		s->begun_ms -= wait_of(s); /* as long as it has waited in the queue */
		session_close(s);
		return;
	}
	if (r >= 0) {
		session_handle(s);
		return;
	}
	if (r != -EPROTO && r != -EINVAL) { /* it closed */
		session_close(s);
		return;
	}
	log_warn("message is refused", "err", err.msg);
	s->wait = SESSION_CLOSING;
	session_send(s, wire_error(WIRE_CODE_INVALID, err.msg));
	if (s->wait != SESSION_DEAD)
		session_wait(s, SESSION_CLOSING);
}

static void on_event(void *arg, uint32_t events)
{
	struct session *s = arg;

	if (s->wait == SESSION_READY && (events & EPOLLIN))
		on_readable(s, events & EPOLLHUP);
	else if (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
		session_close(s);
	else if (events & EPOLLOUT)
		flush(s);
	watch_for(s);
}

static void on_timer(void *arg)
{
	struct session *s = arg;

	if (s->wait == SESSION_READY || s->wait == SESSION_CLOSING) {
		log_debug("idle connection is closed");
		session_close(s);
		return;
	}
	if (s->wait == SESSION_SOURCE) {
		s->waited = true;
		session_handle(s);
		return;
	}
	s->wait = SESSION_CLOSING;
	session_send(s, wire_error(WIRE_CODE_UNAVAILABLE,
				   "the agent is busy, the kernel does not answer it in time"));
	session_close(s);
}

struct session *session_new(struct agent *agent, int fd, uint64_t serial, void (*closed)(void *arg),
			    void *arg)
{
	struct session *s = calloc(1, sizeof(*s));

	if (s)
		s->out = json_array();
	if (!s || !s->out) {
		free(s);
		(void)close(fd);
		return NULL;
	}
	s->agent = agent;
	s->serial = serial;
	s->closed = closed;
	s->closed_arg = arg;
	s->passed_fd = -1;
	s->watch = (struct loop_watch){ .fd = fd, .fn = on_event, .arg = s };
	s->timer = (struct loop_timer){ .fn = on_timer, .arg = s };
	if (loop_watch(agent->loop, &s->watch, EPOLLIN | EPOLLRDHUP, NULL) < 0) {
		(void)close(fd);
		session_free(s);
		return NULL;
	}
	session_wait(s, SESSION_READY);
	return s;
}
