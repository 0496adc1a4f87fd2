/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/server/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "node-agent/agent/agent.h"
#include "node-agent/agent/listen.h"
#include "node-agent/server/session.h"
#include "node-agent/server/socket_dir.h"

#define AGAIN_MS 100 /* when the process has no descriptor left */

struct server {
	struct agent *agent;
	struct listener listener;
	struct loop_watch watch; /* the listening socket */
	struct loop_timer room; /* due: there may be a place again */
	struct session *sessions;
	int n_sessions;
	bool no_descriptor; /* was left the last time, and the log says so */
	uint64_t next_serial;
};

/* A session may die while all of them are told of an event. It is freed here. */
static void reap(struct server *server)
{
	struct session **p = &server->sessions;

	while (*p) {
		struct session *s = *p;

		if (s->wait == SESSION_DEAD) {
			*p = s->next;
			server->n_sessions--;
			session_free(s);
		} else {
			p = &s->next;
		}
	}
}

/* Only root may speak: the socket's mode says so, but a passed descriptor has no path. */
static bool is_root(int fd)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 && cred.uid == 0;
}

static void on_room(void *arg)
{
	struct server *server = arg;

	reap(server);
	if (server->n_sessions < SERVER_SESSIONS_MAX)
		(void)loop_rewatch(server->agent->loop, &server->watch, EPOLLIN);
}

/* Of one session: not from here, it may be in the middle of something. */
static void on_closed(void *arg)
{
	struct server *server = arg;

	if (!server->room.due_ms)
		loop_arm(server->agent->loop, &server->room, clock_now_ms());
}

/* The connection waits; to be told of it again at once would be of no use. */
static void no_descriptor(struct server *server)
{
	if (!server->no_descriptor)
		log_warn("connections have to wait", "err", err_text(errno));
	server->no_descriptor = true;
	(void)loop_rewatch(server->agent->loop, &server->watch, 0);
	loop_arm(server->agent->loop, &server->room, clock_now_ms() + AGAIN_MS);
}

/* Those that have no place wait in the socket's queue, in their order, and are not looked at. */
static void on_connect(void *arg, uint32_t events)
{
	struct server *server = arg;
	struct session *s;
	int fd;

	(void)events;
	reap(server);
	if (server->n_sessions >= SERVER_SESSIONS_MAX) {
		(void)loop_rewatch(server->agent->loop, &server->watch, 0);
		return;
	}
	fd = accept4(server->watch.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS))
		no_descriptor(server);
	if (fd < 0)
		return;
	server->no_descriptor = false;
	if (!is_root(fd)) {
		log_warn("connection is refused", "err", "peer is not root");
		(void)close(fd);
		return;
	}
	s = session_new(server->agent, fd, ++server->next_serial, on_closed, server);
	if (!s)
		return;
	s->next = server->sessions;
	server->sessions = s;
	server->n_sessions++;
}

/* ---- the socket ---- */

/* The socket of an earlier run; nothing else is removed. */
static int remove_old(const char *path, struct err *err)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : err_sys(err, errno, "replace socket '%s'", path);
	if (!S_ISSOCK(st.st_mode))
		return err_set(err, -EEXIST,
			       "socket '%s': there is a file of that name that is no socket", path);
	return unlink(path) < 0 ? err_sys(err, errno, "replace socket '%s'", path) : 0;
}

static int open_socket(const struct config *config, struct err *err)
{
	const char *path = config->socket;
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	auto_close int fd = -1;
	int r;

	if (strlen(path) >= sizeof(sun.sun_path))
		return err_set(err, -ENAMETOOLONG, "socket '%s': longer than %zu bytes", path,
			       sizeof(sun.sun_path) - 1);
	strcpy(sun.sun_path, path);
	r = socket_dir_make(config, err);
	if (r == 0)
		r = remove_old(path, err);
	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(err, errno, "open socket '%s'", path);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		return err_sys(err, errno, "bind socket '%s'", path);
	if (chmod(path, 0600) < 0 || listen(fd, SOMAXCONN) < 0)
		return err_sys(err, errno, "listen on socket '%s'", path);
	return TAKE_FD(fd);
}

/* ---- events ---- */

static void on_started(void *arg)
{
	const struct server *server = arg;

	for (struct session *s = server->sessions; s; s = s->next) {
		if (s->wait == SESSION_START)
			session_handle(s);
	}
}

static void on_pod_done(void *arg, struct attach *a, enum reconcile_action action, int rc,
			const struct err *err)
{
	const struct server *server = arg;

	for (struct session *s = server->sessions; s; s = s->next)
		session_pod_done(s, a, action, rc, err);
}

static void on_gone(void *arg, const struct wire_attachment *key, const struct podnet *undo,
		    const struct netns_id *netns)
{
	const struct server *server = arg;

	for (struct session *s = server->sessions; s; s = s->next)
		session_gone(s, key, undo, netns);
}

static void on_lost(void *arg, struct attach *a)
{
	(void)arg;
	session_lost(a->session);
}

static void on_checked(void *arg, uint64_t session, int rc, const struct err *err)
{
	const struct server *server = arg;

	for (struct session *s = server->sessions; s; s = s->next) {
		if (s->serial == session)
			session_checked(s, rc, err);
	}
}

static void on_stats_ready(void *arg)
{
	const struct server *server = arg;

	for (struct session *s = server->sessions; s; s = s->next)
		session_stats_ready(s);
}

static void on_flows(void *arg, uint64_t session, struct flow_entry *all, int n, int rc,
		     const struct err *err)
{
	const struct server *server = arg;

	for (struct session *s = server->sessions; s; s = s->next) {
		if (s->serial == session)
			session_flows(s, all, n, rc, err);
	}
}

static void on_source_changed(void *arg)
{
	const struct server *server = arg;

	for (struct session *s = server->sessions; s; s = s->next)
		session_source_changed(s);
}

static const struct listener events = {
	.started = on_started,
	.pod_done = on_pod_done,
	.gone = on_gone,
	.lost = on_lost,
	.checked = on_checked,
	.stats_ready = on_stats_ready,
	.flows = on_flows,
	.source_changed = on_source_changed,
};

int server_new(struct agent *agent, struct server **ret, struct err *err)
{
	auto_free struct server *server = calloc(1, sizeof(*server));
	auto_close int fd = -1;
	int r;

	if (!server)
		return err_sys(err, ENOMEM, "open socket");
	fd = open_socket(agent->config, err);
	if (fd < 0)
		return fd;
	server->agent = agent;
	server->room = (struct loop_timer){ .fn = on_room, .arg = server };
	server->watch = (struct loop_watch){ .fd = fd, .fn = on_connect, .arg = server };
	r = loop_watch(agent->loop, &server->watch, EPOLLIN, err);
	if (r < 0)
		return r;
	fd = -1;
	server->listener = events;
	server->listener.arg = server;
	listen_begin(agent, &server->listener);
	*ret = TAKE_PTR(server);
	return 0;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	listen_end(server->agent, &server->listener);
	for (struct session *s = server->sessions; s; s = s->next)
		session_close(s);
	reap(server);
	loop_disarm(&server->room);
	loop_unwatch(server->agent->loop, &server->watch);
	(void)unlink(server->agent->config->socket);
	(void)close(server->watch.fd);
	free(server);
}
