/* SPDX-License-Identifier: Apache-2.0 */
/* A transaction: prepare, commit, and its end. Messages: common/wire.h. */
#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/json.h"
#include "node-agent/agent/job.h"
#include "node-agent/server/session.h"

static void unlink_attach(struct session *s)
{
	if (s->attach)
		s->attach->session = NULL;
	s->attach = NULL;
}

/* When the plugin gives up waiting. -EINVAL */
static int get_deadline(const struct session *s, int64_t *ret, struct err *err)
{
	int64_t timeout_ms = AGENT_REQUEST_MS;
	int r = smc_json_get_int(s->request, "message", "timeoutMs", INT32_MIN, INT32_MAX,
				 &timeout_ms, err);

	*ret = s->begun_ms + timeout_ms;
	return r;
}

/* ---- prepare ---- */

/* An attachment of the same name is there already: this one is refused, unless that is going or its
 * netns is gone. */
static void prepare_again(struct session *s, struct attach *old)
{
	if (!old->wanted)
		session_wait(s, SESSION_FREE);
	else if (old->rec->phase != RECORD_COMMITTED)
		session_error(s, WIRE_CODE_INVALID,
			      "attachment is just being added by another ADD");
	else if (job_check(s->agent, old, s->serial) < 0)
		session_no_memory(s);
	else
		session_wait(s, SESSION_PROBE);
}

/* Asks again when the source has changed, or when there is just enough time left to go on without
 * it. */
static void wait_for_source(struct session *s, int64_t deadline_ms)
{
	session_wait(s, SESSION_SOURCE);
	loop_arm(s->agent->loop, &s->timer, deadline_ms - SESSION_REST_MS);
}

static void begin(struct session *s, struct record *rec, int64_t deadline_ms, bool at_once)
{
	bool may_wait = !s->waited && clock_now_ms() < deadline_ms - SESSION_REST_MS;
	struct err err = ERR_INIT;
	struct attach *a;

	switch (agent_admit(s->agent, rec, may_wait, &a, &err)) {
	case AGENT_UNHEARD:
		wait_for_source(s, deadline_ms);
		return;
	case AGENT_FULL:
		session_error(s, WIRE_CODE_UNAVAILABLE, err.msg);
		return;
	case AGENT_REFUSED:
		session_error(s, WIRE_CODE_REQUIRED, err.msg);
		return;
	case AGENT_ADMITTED:
		break;
	}
	a->at_once = at_once && wish_is_empty(&a->wish);
	a->deadline_ms = deadline_ms;
	a->netns_fd = TAKE_FD(s->passed_fd);
	a->session = s;
	s->attach = a;
	session_wait(s, SESSION_PREPARE);
	agent_kick(s->agent, a);
}

void session_prepare(struct session *s)
{
	auto_record struct record *rec = calloc(1, sizeof(*rec));
	struct err err = ERR_INIT;
	int64_t deadline_ms;
	struct attach *old;
	bool at_once = false;

	if (!rec) {
		session_no_memory(s);
		return;
	}
	if (wire_prepare_from_json(s->request, &rec->req, &err) < 0 ||
	    get_deadline(s, &deadline_ms, &err) < 0 ||
	    smc_json_get_bool(s->request, "message", "commit", &at_once, &err) < 0) {
		session_error(s, WIRE_CODE_INVALID, err.msg);
		return;
	}
	if (s->attach || s->passed_fd < 0) {
		session_error(s, WIRE_CODE_INVALID,
			      s->attach ?
				      "prepare: this connection has a transaction already" :
				      "prepare: no descriptor of a network namespace came with it");
		return;
	}
	s->agent->called = true;
	s->key = rec->req.attachment;
	old = attach_find(&s->agent->table, &s->key);
	if (old)
		prepare_again(s, old);
	else
		begin(s, TAKE_PTR(rec), deadline_ms, at_once);
}

static const char *failure_code(const struct attach *a, int rc)
{
	if (rc == -EINVAL || rc == -EPERM)
		return WIRE_CODE_INVALID;
	return a->verdict.wanted == POLICY_REQUIRED ? WIRE_CODE_REQUIRED : WIRE_CODE_UNAVAILABLE;
}

static void prepared(struct session *s, struct attach *a)
{
	json_t *msg = wire_ok();

	if (json_object_update_new(msg, json_pack("{s:b, s:b, s:o, s:o, s:b}", "steer",
						  a->rec->wish.steer, "required",
						  a->verdict.wanted == POLICY_REQUIRED, "why",
						  wire_text(a->verdict.why), "netns",
						  podnet_to_json(&a->rec->wish.netns), "committed",
						  a->rec->phase == RECORD_COMMITTED)) < 0) {
		json_decref(msg);
		msg = NULL;
	}
	session_reply(s, msg);
}

/* ---- commit ---- */

void session_commit(struct session *s)
{
	struct attach *a = s->attach;
	struct podnet undo = { 0 };
	struct err err = ERR_INIT;
	int64_t deadline_ms;
	json_t *obj = NULL;

	if (!a) {
		session_error(s, WIRE_CODE_INVALID,
			      "commit: this connection has no transaction (any more)");
		return;
	}
	if (get_deadline(s, &deadline_ms, &err) < 0 ||
	    smc_json_get_object(s->request, "message", "undo", &obj, &err) < 0 ||
	    (obj && podnet_from_json(obj, "undo", &undo, &err) < 0)) {
		session_error(s, WIRE_CODE_INVALID, err.msg);
		return;
	}
	a->rec->undo = undo;
	a->commit = true;
	a->deadline_ms = deadline_ms;
	session_wait(s, SESSION_COMMIT);
	agent_kick(s->agent, a);
}

static void committed(struct session *s, const struct attach *a)
{
	json_t *msg = wire_ok();

	(void)json_object_set_new(msg, "steered", json_boolean(a->rec->wish.steer));
	session_reply(s, msg);
}

void session_pod_done(struct session *s, struct attach *a, enum reconcile_action action, int rc,
		      const struct err *err)
{
	if (s->attach == a && (s->wait == SESSION_PREPARE || s->wait == SESSION_COMMIT)) {
		if (a->rec->phase == RECORD_COMMITTED)
			a->commit = true;
		if (rc < 0 || a->commit)
			unlink_attach(s);
		if (rc < 0)
			session_error(s, failure_code(a, rc), err->msg);
		else if (action == RECONCILE_PREPARE)
			prepared(s, a);
		else
			committed(s, a);
	} else if (action == RECONCILE_REMOVE && rc < 0) {
		/* The agent goes on trying: the runtime need not. */
		session_gone(s, attach_key(a), &a->rec->undo, &a->rec->netns);
	}
}

void session_lost(struct session *s)
{
	bool waits = s->wait == SESSION_PREPARE || s->wait == SESSION_COMMIT;

	unlink_attach(s);
	if (waits)
		session_error(s, WIRE_CODE_UNAVAILABLE, "the attachment was removed meanwhile");
}

/* This is about the older attachment: if its netns is gone it makes room. */
void session_probed(struct session *s, int rc)
{
	struct attach *a;

	if (rc != -ENOENT) {
		session_error(s, WIRE_CODE_INVALID,
			      "attachment is there already: ADD twice without DEL");
		return;
	}
	a = attach_find(&s->agent->table, &s->key);
	if (!a) {
		session_handle(s);
		return;
	}
	session_wait(s, SESSION_FREE);
	agent_unwant(s->agent, a, false);
}
