/* SPDX-License-Identifier: Apache-2.0 */
/* What a request does. Verbs and messages: common/wire.h. */
#include <errno.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/file.h"
#include "common/json.h"
#include "common/netns_json.h"
#include "node-agent/agent/job.h"
#include "node-agent/server/session.h"
#include "node-agent/show/flows.h"
#include "node-agent/show/status.h"

/* The attachment that the request names becomes s->key; if it names none, that is answered. */
static bool take_key(struct session *s)
{
	struct err err = ERR_INIT;

	if (wire_attachment_from_json(s->request, &s->key, &err) == 0)
		return true;
	session_error(s, WIRE_CODE_INVALID, err.msg);
	return false;
}

/* ---- del, gc ---- */

static void del_reply(struct session *s, const struct podnet *undo, const struct netns_id *netns)
{
	json_t *msg = wire_ok();

	(void)json_object_set_new(msg, "undo", podnet_to_json(undo));
	(void)json_object_set_new(msg, "netns", netns_to_json(netns));
	session_reply(s, msg);
}

static void do_del(struct session *s)
{
	struct attach *a;

	if (!take_key(s))
		return;
	a = attach_find(&s->agent->table, &s->key);
	session_wait(s, SESSION_GONE);
	if (a)
		agent_unwant(s->agent, a, false);
	else if (job_pending_drop(s->agent, &s->key) < 0)
		session_no_memory(s);
}

static void gc_check(struct session *s)
{
	json_t *msg;

	for (struct attach *a = s->agent->table.first; a; a = a->next) {
		if (!a->wanted && !a->waits && !strcmp(attach_key(a)->network, s->key.network))
			return;
	}
	msg = wire_ok();
	(void)json_object_set_new(msg, "removed", json_integer(s->removed));
	session_reply(s, msg);
}

/* A list in a file. It is in memory, so that nothing waits for it. */
static int read_list(int fd, json_t **ret, struct err *err)
{
	auto_free char *text = NULL;
	struct statfs fs;
	size_t len;
	int r;

	if (fstatfs(fd, &fs) < 0 || fs.f_type != TMPFS_MAGIC || lseek(fd, 0, SEEK_SET) < 0)
		return err_set(err, -EINVAL, "gc: the descriptor is none of memfd_create(2)");
	r = file_read_fd(fd, "gc: list", WIRE_LIST_MAX, &text, &len, err);
	return r < 0 ? r : smc_json_parse_object(text, len, "gc: list", ret, err);
}

/* Marks those that the list names. */
static void mark_valid(const struct session *s, const json_t *valid, uint64_t gc)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(valid, i, entry) {
		const char *id = json_string_value(json_object_get(entry, "containerID"));
		const char *ifname = json_string_value(json_object_get(entry, "ifname"));
		struct wire_attachment key = s->key;
		struct attach *a;

		if (!id || !ifname || strlen(id) >= sizeof(key.container_id) ||
		    strlen(ifname) >= sizeof(key.ifname))
			continue; /* there is none of that name */
		strcpy(key.container_id, id);
		strcpy(key.ifname, ifname);
		a = attach_find(&s->agent->table, &key);
		if (a)
			a->valid_for = gc;
	}
}

static void remove_others(struct session *s, uint64_t gc)
{
	struct attach *next;

	s->removed = 0;
	session_wait(s, SESSION_GC);
	for (struct attach *a = s->agent->table.first; a; a = next) {
		next = a->next;
		/* A transaction under way is younger than the list. */
		if (!a->wanted || a->rec->phase != RECORD_COMMITTED ||
		    strcmp(attach_key(a)->network, s->key.network) != 0 || a->valid_for == gc)
			continue;
		s->removed++;
		agent_unwant_later(s->agent, a, true);
	}
	gc_check(s);
}

static void do_gc(struct session *s)
{
	struct err err = ERR_INIT;
	json_auto_t *file = NULL;
	json_t *valid = NULL;
	const char *network;
	int r = smc_json_need_string(s->request, "message", "network", &network, &err);

	if (r >= 0 && s->passed_fd >= 0)
		r = read_list(s->passed_fd, &file, &err);
	if (r >= 0)
		r = smc_json_get_array(file ? file : s->request, "message", "valid", &valid, &err);
	if (r < 0) {
		session_error(s, WIRE_CODE_INVALID, err.msg);
		return;
	}
	if (!valid || !wire_name_valid(network)) {
		session_error(s, WIRE_CODE_INVALID,
			      valid ? "gc: 'network' is no network name" :
				      "gc: 'valid' is required");
		return;
	}
	strcpy(s->key.network, network);
	s->agent->n_gcs++;
	mark_valid(s, valid, s->agent->n_gcs);
	remove_others(s, s->agent->n_gcs);
}

void session_gone(struct session *s, const struct wire_attachment *key, const struct podnet *undo,
		  const struct netns_id *netns)
{
	if (s->wait == SESSION_GONE && wire_attachment_same(&s->key, key))
		del_reply(s, undo, netns);
	else if (s->wait == SESSION_FREE && wire_attachment_same(&s->key, key))
		session_handle(s);
	else if (s->wait == SESSION_GC)
		gc_check(s);
}

/* ---- check ---- */

static bool is_netns(int fd, const struct netns_id *id)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_dev == id->dev && st.st_ino == id->inode;
}

static void do_check(struct session *s)
{
	struct attach *a;

	if (!take_key(s))
		return;
	a = attach_find(&s->agent->table, &s->key);
	if (!a || !a->wanted || a->rec->phase != RECORD_COMMITTED)
		session_error(s, WIRE_CODE_MISSING, "the agent does not know this attachment");
	else if (s->passed_fd >= 0 && !is_netns(s->passed_fd, &a->rec->netns))
		session_error(s, WIRE_CODE_MISSING,
			      "the network namespace is another than that of ADD");
	else if (job_check(s->agent, a, s->serial) < 0)
		session_no_memory(s);
	else
		session_wait(s, SESSION_CHECK);
}

static void check_reply(struct session *s, int rc, const struct err *err)
{
	const struct attach *a = attach_find(&s->agent->table, &s->key);
	json_t *msg;

	if (rc == -ETIMEDOUT) {
		session_error(s, WIRE_CODE_UNAVAILABLE, err->msg);
		return;
	}
	if (rc < 0 || !a) {
		session_error(s, WIRE_CODE_MISSING,
			      rc < 0 ? err->msg : "the attachment was removed");
		return;
	}
	msg = wire_ok();
	(void)json_object_set_new(msg, "netns", podnet_to_json(&a->rec->wish.netns));
	session_reply(s, msg);
}

void session_checked(struct session *s, int rc, const struct err *err)
{
	if (s->wait == SESSION_CHECK)
		check_reply(s, rc, err);
	else if (s->wait == SESSION_PROBE)
		session_probed(s, rc);
}

/* ---- node, status, flows ---- */

static void do_node(struct session *s)
{
	const char *why = agent_not_ready(s->agent);
	json_t *msg = wire_ok();

	(void)json_object_set_new(msg, "ready", json_boolean(!why));
	(void)json_object_set_new(msg, "why", wire_text(why ? why : ""));
	session_reply(s, msg);
}

static void do_status(struct session *s)
{
	session_wait(s, SESSION_STATS);
	agent_want_stats(s->agent);
}

static void send_one(void *arg, json_t *msg)
{
	session_send(arg, msg);
}

static void send_end(struct session *s)
{
	json_t *msg = wire_ok();

	(void)json_object_set_new(msg, "end", json_true());
	session_reply(s, msg);
}

void session_stats_ready(struct session *s)
{
	if (s->wait != SESSION_STATS)
		return;
	status_each(s->agent, send_one, s);
	send_end(s);
}

static void do_flows(struct session *s)
{
	if (job_flows(s->agent, s->serial) < 0)
		session_no_memory(s);
	else
		session_wait(s, SESSION_FLOWS);
}

void session_flows(struct session *s, struct flow_entry *all, int n, int rc, const struct err *err)
{
	if (s->wait != SESSION_FLOWS)
		return;
	if (rc < 0) {
		session_error(s, WIRE_CODE_UNAVAILABLE, err->msg);
		return;
	}
	flows_each(s->agent, all, n, send_one, s);
	send_end(s);
}

/* ---- all ---- */

void session_source_changed(struct session *s)
{
	if (s->wait == SESSION_SOURCE)
		session_handle(s);
}

static const struct verb {
	const char *name;
	void (*fn)(struct session *s);
	bool any_time; /* before the START job is done */
} verbs[] = {
	{ "prepare", session_prepare, false },
	{ "commit", session_commit, false },
	{ "del", do_del, false },
	{ "check", do_check, false },
	{ "gc", do_gc, false },
	{ "node", do_node, true },
	{ "status", do_status, true },
	{ "flows", do_flows, false },
};

void session_handle(struct session *s)
{
	const struct agent *agent = s->agent;

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++) {
		if (strcmp(verbs[i].name, s->verb) != 0)
			continue;
		if (agent->idle && verbs[i].fn != do_node)
			session_error(s, WIRE_CODE_UNAVAILABLE, agent->trouble.msg);
		else if (!agent->started && !agent->idle && !verbs[i].any_time)
			session_wait(s, SESSION_START);
		else
			verbs[i].fn(s);
		return;
	}
	session_error(
		s, WIRE_CODE_INVALID,
		"message: 'verb' is unknown; allowed are prepare, commit, del, check, gc, node, status, "
		"flows");
}
