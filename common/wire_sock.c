/* SPDX-License-Identifier: Apache-2.0 */
/* The transport of wire.h: whole messages over SOCK_SEQPACKET, with deadlines. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/fault.h"
#include "common/json.h"
#include "common/wire.h"

/* CMSG_SPACE rounds up: on 64 bit a buffer for one descriptor holds two. The second is noticed, and
 * closed. */
#define FDS_MAX 2

union control {
	char buf[CMSG_SPACE(FDS_MAX * sizeof(int))];
	struct cmsghdr align;
};

/* Returns 0 when the socket is ready, or broken: then the next call says how. */
static int wait_for(int sock, short events, int64_t deadline_ms)
{
	struct pollfd p = { .fd = sock, .events = events };

	if (deadline_ms == 0)
		return -EAGAIN;
	for (;;) {
		int64_t left = deadline_ms - clock_now_ms();
		int r;

		if (left <= 0)
			return -ETIMEDOUT;
		r = poll(&p, 1, left > INT32_MAX ? INT32_MAX : (int)left);
		if (r > 0)
			return 0;
		if (r < 0 && errno != EINTR)
			return -errno;
	}
}

static int send_text(int sock, const char *text, size_t len, int passed_fd, int64_t deadline_ms,
		     struct err *err)
{
	union control control = { .buf = "" };
	struct iovec iov = { .iov_base = (void *)(uintptr_t)text, .iov_len = len };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };

	if (passed_fd >= 0) {
		struct cmsghdr *c;

		mh.msg_control = control.buf;
		mh.msg_controllen = CMSG_SPACE(sizeof(int));
		c = CMSG_FIRSTHDR(&mh);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &passed_fd, sizeof(int));
	}
	for (;;) {
		int r;

		if (sendmsg(sock, &mh, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
			return 0;
		if (errno == EINTR)
			continue;
		if (errno == EPIPE || errno == ECONNRESET)
			return err_set(err, -ECONNRESET, "send message: the other side closed");
		if (errno != EAGAIN)
			return err_sys(err, errno, "send message");
		r = wait_for(sock, POLLOUT, deadline_ms);
		if (r < 0)
			return err_sys(err, r, "send message");
	}
}

int wire_send(int sock, const json_t *msg, int passed_fd, int64_t deadline_ms, struct err *err)
{
	auto_free char *text = json_dumps(msg, JSON_COMPACT);
	size_t len;

	if (!text)
		return err_set(err, -ENOMEM, "send message: cannot be written as JSON");
	len = strlen(text);
	if (len > WIRE_MESSAGE_MAX)
		return err_set(err, -EMSGSIZE, "send message: %zu bytes, allowed are %d", len,
			       WIRE_MESSAGE_MAX);
	return send_text(sock, text, len, passed_fd, deadline_ms, err);
}

/* Takes the descriptors out of a message: the first goes to *ret, others are closed. Returns how
 * many there were. */
static int take_fds(struct msghdr *mh, int *ret)
{
	int n = 0;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
		size_t count;

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
			if (n++ == 0)
				*ret = fd;
			else
				(void)close(fd);
		}
	}
	return n;
}

static ssize_t receive(int sock, struct msghdr *mh, int64_t deadline_ms, struct err *err)
{
	for (;;) {
		ssize_t n = recvmsg(sock, mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		int r;

		if (n >= 0)
			return n;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return err_sys(err, errno, "receive message");
		r = wait_for(sock, POLLIN, deadline_ms);
		if (r < 0)
			return err_sys(err, r, "receive message");
	}
}

static int parse(const char *text, size_t len, json_t **ret, struct err *err)
{
	json_auto_t *msg = NULL;
	int64_t version = 0;

	if (smc_json_parse_object(text, len, "message", &msg, err) < 0 ||
	    smc_json_get_int(msg, "message", "v", 0, INT32_MAX, &version, err) < 0)
		return -EPROTO;
	if (version < 1 || version < WIRE_VERSION - 1 || version > WIRE_VERSION)
		return err_set(err, -EPROTO,
			       "message: 'v' is %d; this side speaks version %d and the one before",
			       (int)version, WIRE_VERSION);
	*ret = TAKE_PTR(msg);
	return 0;
}

int wire_recv(int sock, json_t **ret, int *ret_fd, int64_t deadline_ms, struct err *err)
{
	char buf[WIRE_MESSAGE_MAX]; /* on the stack for the same reason as in nlsock.c */
	union control control = { .buf = "" };
	struct iovec iov = { .iov_base = buf, .iov_len = sizeof(buf) };
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control.buf,
			     .msg_controllen = sizeof(control.buf) };
	auto_close int fd = -1;
	int n_fds, r;
	ssize_t n;

	n = receive(sock, &mh, deadline_ms, err);
	if (n < 0)
		return (int)n;
	n_fds = take_fds(&mh, &fd);
	if (n == 0)
		return err_set(err, -ECONNRESET, "receive message: the other side closed");
	if (mh.msg_flags & MSG_TRUNC)
		return err_set(err, -EPROTO, "receive message: larger than %d bytes",
			       WIRE_MESSAGE_MAX);
	if (n_fds > 1 || (mh.msg_flags & MSG_CTRUNC))
		return err_set(err, -EPROTO, "receive message: more than one descriptor came");
	r = parse(buf, (size_t)n, ret, err);
	if (r < 0)
		return r;
	if (ret_fd)
		*ret_fd = TAKE_FD(fd);
	return 0;
}

/* A listener whose queue is full answers connect with EAGAIN; no event tells when there is room. */
#define CONNECT_RETRY_MS 10

int wire_connect(const char *path, int64_t deadline_ms, struct err *err)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	auto_close int sock = -1;

	FAULT_POINT("connection to the agent", err);
	if (strlen(path) >= sizeof(sun.sun_path))
		return err_set(err, -ENAMETOOLONG, "connect to '%s': longer than %zu bytes", path,
			       sizeof(sun.sun_path) - 1);
	strcpy(sun.sun_path, path);
	sock = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (sock < 0)
		return err_sys(err, errno, "connect to '%s'", path);
	while (connect(sock, (struct sockaddr *)&sun, sizeof(sun)) < 0) {
		if (errno != EAGAIN && errno != EINTR)
			return err_sys(err, errno, "connect to '%s'", path);
		if (clock_now_ms() + CONNECT_RETRY_MS > deadline_ms)
			return err_sys(err, ETIMEDOUT, "connect to '%s'", path);
		(void)poll(NULL, 0, CONNECT_RETRY_MS);
	}
	return TAKE_FD(sock);
}

static const char *known_code(const char *text)
{
	static const char *const codes[] = { WIRE_CODE_INVALID, WIRE_CODE_REQUIRED,
					     WIRE_CODE_UNAVAILABLE, WIRE_CODE_MISSING };

	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		if (!strcmp(text, codes[i]))
			return codes[i];
	}
	return WIRE_CODE_UNAVAILABLE; /* a later version may have codes that we do not know */
}

static int take_reply(const json_t *reply, const char **ret_code, struct err *err)
{
	const char *code = "", *text = "";
	bool ok = false;
	int r = smc_json_get_bool(reply, "reply", "ok", &ok, err);

	if (r == 0)
		return err_set(err, -EPROTO, "reply: 'ok' is required");
	if (r < 0 || smc_json_get_string(reply, "reply", "code", &code, err) < 0 ||
	    smc_json_get_string(reply, "reply", "error", &text, err) < 0)
		return -EPROTO;
	if (ok)
		return 0;
	if (ret_code)
		*ret_code = known_code(code);
	return err_set(err, -EREMOTEIO, "%s", *text ? text : "the agent gave no reason");
}

int wire_answer(int sock, int64_t deadline_ms, json_t **ret, const char **ret_code, struct err *err)
{
	json_auto_t *reply = NULL;
	int r;

	FAULT_POINT("answer of the agent", err);
	r = wire_recv(sock, &reply, NULL, deadline_ms, err);
	if (r == 0)
		r = take_reply(reply, ret_code, err);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(reply);
	return 0;
}

int wire_call(int sock, const json_t *request, int passed_fd, int64_t deadline_ms, json_t **ret,
	      const char **ret_code, struct err *err)
{
	int r;

	if (!request)
		return err_sys(err, ENOMEM, "send message");
	FAULT_POINT("message to the agent", err);
	r = wire_send(sock, request, passed_fd, deadline_ms, err);
	return r < 0 ? r : wire_answer(sock, deadline_ms, ret, ret_code, err);
}
