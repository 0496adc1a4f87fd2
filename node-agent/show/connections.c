/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/show/connections.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "node-agent/show/listening.h"
#include "node-agent/show/places.h"

#define MEMORY_BYTES (16 * 1024) /* a connection, for the request's head */
#define ACCEPT_MAX 16 /* in one turn of the loop */
#define AGAIN_MS 100

struct connection {
	struct place place;
	bool ended; /* it has no place any more; libmicrohttpd still has to see it */
	bool waits; /* suspended */
	bool waited; /* and resumed, for this request */
	struct MHD_Connection *mhd;
	int fd; /* libmicrohttpd's */
};

struct connections {
	struct loop *loop;
	struct MHD_Daemon *daemon;
	struct loop_watch listening, watch; /* watch: libmicrohttpd's epoll descriptor */
	struct loop_timer timer, again;
	struct places places;
	struct connection *coming; /* for on_notify() */
};

static struct connection *connection_of(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);

	return info->socket_context;
}

/* ---- time and places ---- */

static struct connection *owner(struct place *place)
{
	return (struct connection *)((char *)place - offsetof(struct connection, place));
}

static void resume(struct connection *one)
{
	if (!one->waits)
		return;
	one->waits = false;
	one->waited = true;
	MHD_resume_connection(one->mhd);
}

/* libmicrohttpd closes the descriptor when it sees the end. */
static void end(struct connections *c, struct connection *one)
{
	places_remove(&c->places, &one->place);
	one->ended = true;
	(void)shutdown(one->fd, SHUT_RDWR);
	resume(one);
}

static void run(struct connections *c)
{
	int64_t now = clock_now_ms(), due;
	struct place *place;
	MHD_UNSIGNED_LONG_LONG ms;

	while ((place = places_overdue(&c->places, now)))
		end(c, owner(place));
	(void)MHD_run(c->daemon);
	due = places_next_due(&c->places);
	if (MHD_get_timeout(c->daemon, &ms) == MHD_YES && (due < 0 || now + (int64_t)ms < due))
		due = now + (int64_t)ms;
	if (due < 0)
		loop_disarm(&c->timer);
	else
		loop_arm(c->loop, &c->timer, due);
}

static void on_event(void *arg, uint32_t events)
{
	(void)events;
	run(arg);
}

static void on_timer(void *arg)
{
	run(arg);
}

bool connections_begin(struct MHD_Connection *connection)
{
	struct connection *one = connection_of(connection);

	if (one->ended)
		return false;
	if (!one->place.answering)
		places_answering(&one->place, true, clock_now_ms());
	return true;
}

void connections_end(struct MHD_Connection *connection)
{
	struct connection *one = connection_of(connection);

	one->waited = false;
	places_answering(&one->place, false, clock_now_ms());
}

bool connections_wait(struct MHD_Connection *connection)
{
	struct connection *one = connection_of(connection);

	if (one->waited)
		return false;
	one->waits = true;
	MHD_suspend_connection(connection);
	return true;
}

void connections_go_on(struct connections *c)
{
	struct place *place;

	TAILQ_FOREACH(place, &c->places.all, all)
		resume(owner(place));
	/* Not from here: who called may be in the middle of a request. */
	loop_arm(c->loop, &c->timer, clock_now_ms());
}

/* ---- who comes and goes ---- */

/* MHD_OPTION_NOTIFY_CONNECTION; the begin is told from within MHD_add_connection(). */
static void on_notify(void *arg, struct MHD_Connection *connection, void **context,
		      enum MHD_ConnectionNotificationCode what)
{
	struct connections *c = arg;
	struct connection *one = *context;

	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		c->coming->mhd = connection;
		*context = TAKE_PTR(c->coming);
	} else if (one) {
		if (!one->ended)
			places_remove(&c->places, &one->place);
		free(one);
		*context = NULL;
	}
}

static struct in6_addr peer_of(const union listening_address *a)
{
	struct in6_addr peer = IN6ADDR_ANY_INIT;

	if (a->any.sa_family == AF_INET6)
		return a->v6.sin6_addr;
	peer.s6_addr[10] = peer.s6_addr[11] = 0xff;
	memcpy(&peer.s6_addr[12], &a->v4.sin_addr, sizeof(a->v4.sin_addr));
	return peer;
}

/* Closes fd if it has no use for it. */
static void take(struct connections *c, int fd, const union listening_address *from, socklen_t len)
{
	const struct in6_addr peer = peer_of(from);
	struct place *in_the_way = places_in_the_way(&c->places, &peer);
	struct connection *one = calloc(1, sizeof(*one));

	if (!one) {
		(void)close(fd);
		return;
	}
	if (in_the_way)
		end(c, owner(in_the_way));
	one->fd = fd;
	places_add(&c->places, &one->place, &peer, clock_now_ms());
	c->coming = one;
	/* On failure it has closed fd. */
	if (MHD_add_connection(c->daemon, fd, &from->any, len) != MHD_YES && c->coming) {
		places_remove(&c->places, &one->place);
		free(TAKE_PTR(c->coming));
	}
}

static void on_again(void *arg)
{
	struct connections *c = arg;

	(void)loop_rewatch(c->loop, &c->listening, EPOLLIN);
}

/* The process has none left: to be told at once again that somebody waits would be of no use. */
static void wait_for_descriptor(struct connections *c)
{
	(void)loop_rewatch(c->loop, &c->listening, 0);
	loop_arm(c->loop, &c->again, clock_now_ms() + AGAIN_MS);
}

/* Each is read before the next one comes, which may take its place: a request that is whole, as
 * those of probes are when we see them (listening.c), is answered, whoever else knocks. */
static void on_connect(void *arg, uint32_t events)
{
	struct connections *c = arg;

	(void)events;
	for (int i = 0; i < ACCEPT_MAX; i++) {
		union listening_address from = { .any = { 0 } };
		socklen_t len = sizeof(from);
		int fd = accept4(c->listening.fd, &from.any, &len, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0 &&
		    (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS))
			wait_for_descriptor(c);
		if (fd < 0)
			break;
		take(c, fd, &from, len);
		run(c);
	}
}

/* ---- set-up ---- */

static int watch_all(struct connections *c, int fd, struct err *err)
{
	const union MHD_DaemonInfo *info = MHD_get_daemon_info(c->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int r;

	c->timer = (struct loop_timer){ .fn = on_timer, .arg = c };
	c->again = (struct loop_timer){ .fn = on_again, .arg = c };
	c->watch = (struct loop_watch){ .fd = info->epoll_fd, .fn = on_event, .arg = c };
	c->listening = (struct loop_watch){ .fd = fd, .fn = on_connect, .arg = c };
	r = loop_watch(c->loop, &c->watch, EPOLLIN, err);
	if (r < 0)
		return r;
	r = loop_watch(c->loop, &c->listening, EPOLLIN, err);
	if (r < 0)
		loop_unwatch(c->loop, &c->watch);
	return r;
}

int connections_new(struct loop *loop, const char *address, MHD_AccessHandlerCallback handler,
		    MHD_RequestCompletedCallback completed, void *arg, struct connections **ret,
		    struct err *err)
{
	auto_free struct connections *c = calloc(1, sizeof(*c));
	auto_close int fd = listening_open(address, err);
	int r;

	if (fd < 0)
		return fd;
	if (!c)
		return err_sys(err, ENOMEM, "listen on '%s'", address);
	c->loop = loop;
	places_init(&c->places);
	errno = 0;
	/* Twice as many as have a place: those that were ended are counted until it has seen
	 * that. */
	c->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
		handler, arg, MHD_OPTION_CONNECTION_LIMIT, 2u * PLACES_MAX,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)MEMORY_BYTES,
		MHD_OPTION_NOTIFY_COMPLETED, completed, arg, MHD_OPTION_NOTIFY_CONNECTION,
		on_notify, c, MHD_OPTION_END);
	if (!c->daemon)
		return err_sys(err, errno, "listen on '%s'", address);
	r = watch_all(c, fd, err);
	if (r < 0) {
		MHD_stop_daemon(c->daemon);
		return r;
	}
	fd = -1;
	*ret = TAKE_PTR(c);
	return 0;
}

void connections_free(struct connections *c)
{
	struct place *place;

	if (!c)
		return;
	TAILQ_FOREACH(place, &c->places.all, all)
		resume(owner(place));
	loop_disarm(&c->timer);
	loop_disarm(&c->again);
	loop_unwatch(c->loop, &c->watch);
	loop_unwatch(c->loop, &c->listening);
	(void)close(c->listening.fd);
	MHD_stop_daemon(c->daemon);
	free(c);
}
