/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/nri/conn.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"

/* ---- in ---- */

struct on_stream {
	struct conn *c;
	uint32_t conn;
};

static int on_message(void *arg, const struct ttrpc_message *message, struct err *err)
{
	const struct on_stream *on = arg;

	return on->c->message(on->c->arg, on->conn, message, err);
}

/* Connections that are neither of the two are not ours, as NRI has it. */
static int on_piece(void *arg, uint32_t conn, const uint8_t *data, size_t len, struct err *err)
{
	struct on_stream on = { .c = arg, .conn = conn };

	if (conn == MUX_PLUGIN_CONN)
		return ttrpc_feed(&on.c->from_plugin_conn, data, len, on_message, &on, err);
	if (conn == MUX_RUNTIME_CONN)
		return ttrpc_feed(&on.c->from_runtime_conn, data, len, on_message, &on, err);
	return 0;
}

static int read_some(struct conn *c, struct err *err)
{
	ssize_t n = recv(c->watch.fd, c->in, sizeof(c->in), 0);

	if (n > 0)
		return mux_feed(&c->mux, c->in, (size_t)n, on_piece, c, err);
	if (n == 0)
		return err_set(err, -ECONNRESET, "the runtime closed the connection%s",
			       conn_midway(c) ? " in the middle of a message" : "");
	if (errno == EAGAIN || errno == EINTR)
		return 0;
	return err_sys(err, errno, "read from the runtime");
}

/* ---- out ---- */

static int flush(struct conn *c, struct err *err)
{
	while (c->out_len > 0) {
		ssize_t n = send(c->watch.fd, c->out, c->out_len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			break;
		if (n < 0)
			return err_sys(err, errno, "write to the runtime");
		c->out_len -= (size_t)n;
		memmove(c->out, c->out + n, c->out_len);
	}
	if (loop_rewatch(c->loop, &c->watch, EPOLLIN | (c->out_len ? EPOLLOUT : 0)) < 0)
		return err_set(err, -EIO, "the connection to the runtime cannot be watched");
	return 0;
}

int conn_send(struct conn *c, const uint8_t *data, size_t len, struct err *err)
{
	if (len > sizeof(c->out) - c->out_len)
		return err_set(err, -ENOBUFS, "the runtime does not take answers");
	memcpy(c->out + c->out_len, data, len);
	c->out_len += len;
	return flush(c, err);
}

/* ---- the connection ---- */

static void on_event(void *arg, uint32_t events)
{
	struct conn *c = arg;
	struct err err = ERR_INIT;
	int r = 0;

	if (events & EPOLLOUT)
		r = flush(c, &err);
	if (r == 0 && events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		r = read_some(c, &err);
	if (r < 0) {
		conn_close(c);
		c->over(c->arg, &err);
	} else {
		c->turn(c->arg);
	}
}

int conn_open(struct conn *c, const char *path, struct err *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	auto_close int fd = -1;
	int r;

	if (strlen(path) >= sizeof(sun.sun_path))
		return err_sys(err, ENAMETOOLONG, "connect to NRI socket '%s'", path);
	strcpy(sun.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* EAGAIN: too many wait there already. */
	if (fd < 0 || connect(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		return err_sys(err, errno, "connect to NRI socket '%s'", path);
	c->watch = (struct loop_watch){ .fd = fd, .fn = on_event, .arg = c };
	r = loop_watch(c->loop, &c->watch, EPOLLIN, err);
	if (r < 0) {
		c->watch.fd = -1;
		return r;
	}
	fd = -1;
	return 0;
}

bool conn_is_open(const struct conn *c)
{
	return c->watch.fd >= 0;
}

bool conn_midway(const struct conn *c)
{
	return mux_midway(&c->mux) || ttrpc_midway(&c->from_plugin_conn) ||
	       ttrpc_midway(&c->from_runtime_conn);
}

void conn_close(struct conn *c)
{
	if (!conn_is_open(c))
		return;
	loop_unwatch(c->loop, &c->watch);
	(void)close(c->watch.fd);
	c->watch.fd = -1;
	c->mux = (struct mux){ .left = 0 };
	ttrpc_clear(&c->from_plugin_conn);
	ttrpc_clear(&c->from_runtime_conn);
	c->out_len = 0;
}
