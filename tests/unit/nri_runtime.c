/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/nri_runtime.h"

#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#define WAIT_MS 60000
#define FRAME_MAX 4096 /* of ttrpc's writer */

/* ---- the socket ---- */

/* Not clock_now_ms(): a test may have put that forward. */
static int64_t now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static bool wait_for(struct nri_runtime *r, int fd, short events, int ms)
{
	int64_t end = now_ms() + ms;
	struct pollfd p = { .fd = fd, .events = events };

	do {
		if (r->pump)
			r->pump(r->arg);
		if (poll(&p, 1, r->pump ? 1 : 100) > 0)
			return true;
	} while (now_ms() < end);
	return false;
}

void nri_runtime_listen(struct nri_runtime *r, const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };

	assert_true(strlen(path) < sizeof(sun.sun_path));
	strcpy(sun.sun_path, path);
	r->path = path;
	r->fd = -1;
	r->listen_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(r->listen_fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	assert_int_equal(listen(r->listen_fd, 8), 0);
}

bool nri_runtime_is_called(const struct nri_runtime *r)
{
	struct pollfd p = { .fd = r->listen_fd, .events = POLLIN };

	return poll(&p, 1, 0) > 0;
}

void nri_runtime_accept(struct nri_runtime *r)
{
	assert_int_equal(r->fd, -1);
	assert_true(wait_for(r, r->listen_fd, POLLIN, WAIT_MS));
	r->fd = accept4(r->listen_fd, NULL, NULL, SOCK_CLOEXEC);
	assert_true(r->fd >= 0);
	r->call = UINT32_MAX; /* the next one is 1 */
}

void nri_runtime_hang_up(struct nri_runtime *r)
{
	if (r->fd >= 0)
		(void)close(r->fd);
	r->fd = -1;
}

void nri_runtime_end(struct nri_runtime *r)
{
	nri_runtime_hang_up(r);
	if (r->listen_fd >= 0) {
		(void)close(r->listen_fd);
		(void)unlink(r->path);
	}
	r->listen_fd = -1;
}

/* ---- in ---- */

static void read_all(struct nri_runtime *r, uint8_t *to, size_t len)
{
	while (len > 0) {
		ssize_t n;

		assert_true(wait_for(r, r->fd, POLLIN, WAIT_MS));
		n = read(r->fd, to, len);
		assert_true(n > 0);
		to += n;
		len -= (size_t)n;
	}
}

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void nri_runtime_take(struct nri_runtime *r, struct nri_message *ret)
{
	uint8_t mux[8], header[10];

	read_all(r, mux, sizeof(mux));
	read_all(r, header, sizeof(header));
	ret->conn = be32(mux);
	ret->call = be32(header + 4);
	ret->type = header[8];
	ret->flags = header[9];
	ret->len = be32(header);
	assert_int_equal(be32(mux + 4), sizeof(header) + ret->len);
	assert_true(sizeof(header) + ret->len <= FRAME_MAX);
	read_all(r, ret->data, ret->len);
}

bool nri_runtime_is_left(struct nri_runtime *r, int wait_ms)
{
	char byte;

	return wait_for(r, r->fd, POLLIN, wait_ms) && recv(r->fd, &byte, 1, MSG_PEEK) <= 0;
}

/* ---- out ---- */

/* The plugin may have hung up: then what is written is lost, as it is for a runtime. */
void nri_runtime_send(struct nri_runtime *r, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len > 0) {
		ssize_t n;

		assert_true(wait_for(r, r->fd, POLLOUT, WAIT_MS));
		n = send(r->fd, p, len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n < 0)
			return;
		p += n;
		len -= (size_t)n;
	}
}

static void put_be32(uint8_t *p, uint32_t n)
{
	for (int i = 0; i < 4; i++)
		p[i] = (uint8_t)(n >> (24 - 8 * i));
}

void nri_runtime_frame(struct nri_runtime *r, uint32_t conn, const void *data, size_t len)
{
	uint8_t mux[8];

	put_be32(mux, conn);
	put_be32(mux + 4, (uint32_t)len);
	nri_runtime_send(r, mux, sizeof(mux));
	nri_runtime_send(r, data, len);
}

static void send_message(struct nri_runtime *r, uint32_t conn, uint32_t call, uint8_t type,
			 struct pb_bytes *message)
{
	uint8_t header[10] = { 0 };

	put_be32(header, (uint32_t)message->len);
	put_be32(header + 4, call);
	header[8] = type;
	nri_runtime_frame(r, conn, header, sizeof(header));
	for (size_t at = 0; at < message->len; at += FRAME_MAX) {
		size_t left = message->len - at;

		nri_runtime_frame(r, conn, message->data + at, left < FRAME_MAX ? left : FRAME_MAX);
	}
	pb_bytes_clear(message);
}

uint32_t nri_runtime_call(struct nri_runtime *r, const char *method, struct pb_bytes *payload)
{
	struct pb_bytes request = { .len = 0 };

	pb_bytes_text(&request, 1, NRI_SERVICE);
	pb_bytes_text(&request, 2, method);
	pb_bytes_message(&request, 3, payload);
	pb_bytes_number(&request, 4, UINT64_C(2000000000)); /* timeout_nano */
	r->call += 2;
	send_message(r, 1, r->call, 1, &request);
	return r->call;
}

int nri_runtime_answer(struct nri_runtime *r, uint32_t call, struct nri_message *ret)
{
	struct pb_found status, payload;
	int code = 0;

	nri_runtime_take(r, ret);
	assert_int_equal(ret->conn, 1);
	assert_int_equal(ret->call, call);
	assert_int_equal(ret->type, 2);
	assert_int_equal(ret->flags, 0);
	status = pb_bytes_find(ret->data, ret->len, 1);
	payload = pb_bytes_find(ret->data, ret->len, 2);
	if (status.times)
		code = (int)pb_bytes_find(status.data, status.len, 1).n;
	if (payload.times)
		memmove(ret->data, payload.data, payload.len);
	ret->len = payload.times ? payload.len : 0;
	return code;
}

struct pb_found nri_runtime_ask(struct nri_runtime *r, const char *method, struct pb_bytes *payload,
				uint32_t field)
{
	struct nri_message m;
	uint32_t call = nri_runtime_call(r, method, payload);
	struct pb_found found;

	assert_int_equal(nri_runtime_answer(r, call, &m), 0);
	found = pb_bytes_find(m.data, m.len, field);
	found.data = NULL; /* it does not outlive m */
	return found;
}

/* ---- the beginning ---- */

static void assert_text(const struct nri_message *m, uint32_t field, const char *want)
{
	struct pb_found f = pb_bytes_find(m->data, m->len, field);

	assert_int_equal(f.len, strlen(want));
	assert_memory_equal(f.data, want, f.len);
}

void nri_runtime_register(struct nri_runtime *r, int code, const char *text)
{
	struct pb_bytes response = { .len = 0 }, status = { .len = 0 };
	struct pb_found payload;
	struct nri_message m;

	nri_runtime_take(r, &m);
	assert_int_equal(m.conn, 2);
	assert_int_equal(m.call, 1);
	assert_int_equal(m.type, 1);
	assert_text(&m, 1, "nri.pkg.api.v1alpha1.Runtime");
	assert_text(&m, 2, "RegisterPlugin");
	payload = pb_bytes_find(m.data, m.len, 3);
	m.len = payload.len;
	memmove(m.data, payload.data, payload.len);
	assert_text(&m, 1, "smc-cni");
	assert_int_equal(pb_bytes_find(m.data, m.len, 2).len, 2); /* two digits */
	if (code) {
		pb_bytes_number(&status, 1, (uint64_t)code);
		pb_bytes_text(&status, 2, text);
		pb_bytes_message(&response, 1, &status);
	}
	send_message(r, 2, 1, 2, &response);
}

void nri_runtime_begin(struct nri_runtime *r)
{
	struct pb_bytes config = { .len = 0 }, none = { .len = 0 };

	nri_runtime_accept(r);
	nri_runtime_register(r, 0, "");
	pb_bytes_text(&config, 2, "containerd");
	pb_bytes_text(&config, 3, "v2.4.2");
	pb_bytes_number(&config, 4, 5000);
	pb_bytes_number(&config, 5, 2000);
	pb_bytes_text(&config, 6, "v0.12.3");
	/* RunPodSandbox, StopPodSandbox, RemovePodSandbox; CreateContainer, StartContainer,
	 * StopContainer, RemoveContainer */
	assert_int_equal(nri_runtime_ask(r, "Configure", &config, 2).n, 0x62f);
	assert_int_equal(nri_runtime_ask(r, "Synchronize", &none, 1).times, 0);
}

/* ---- messages ---- */

static struct pb_bytes namespace_bytes(const char *type, const char *path)
{
	struct pb_bytes b = { .len = 0 };

	pb_bytes_text(&b, 1, type);
	if (*path)
		pb_bytes_text(&b, 2, path);
	return b;
}

static void put_pair(struct pb_bytes *b, uint32_t field, const char *key, const char *value)
{
	struct pb_bytes pair = { .len = 0 };

	pb_bytes_text(&pair, 1, key);
	pb_bytes_text(&pair, 2, value);
	pb_bytes_message(b, field, &pair);
}

struct pb_bytes nri_pod_bytes(const struct nri_pod *pod)
{
	struct pb_bytes b = { .len = 0 }, lin = { .len = 0 }, pid, net;

	pb_bytes_text(&b, 1, pod->id);
	pb_bytes_text(&b, 2, pod->name);
	pb_bytes_text(&b, 3, pod->uid);
	pb_bytes_text(&b, 4, pod->namespace);
	put_pair(&b, 5, "app", "web");
	put_pair(&b, 6, "smc-cni.io/steer", "enabled");
	put_pair(&b, 6, "other", "");
	pb_bytes_text(&b, 7, "runc");
	pb_bytes_text(&lin, 3, pod->cgroup_parent);
	pid = namespace_bytes("pid", "");
	net = namespace_bytes("network", pod->netns);
	pb_bytes_message(&lin, 5, &pid);
	pb_bytes_message(&lin, 5, &net);
	pb_bytes_message(&b, 8, &lin);
	pb_bytes_text(&b, 10, "10.244.0.7"); /* not in 0.6 */
	return b;
}

struct pb_bytes nri_container_bytes(const struct nri_container *c)
{
	struct pb_bytes b = { .len = 0 }, lin = { .len = 0 };

	pb_bytes_text(&b, 1, c->id);
	pb_bytes_text(&b, 2, c->pod_id);
	pb_bytes_text(&b, 3, c->name);
	pb_bytes_number(&b, 4, (uint64_t)c->state);
	pb_bytes_text(&b, 7, "/bin/server");
	pb_bytes_text(&b, 8, "PATH=/bin");
	pb_bytes_text(&b, 8, "HOSTNAME=web");
	pb_bytes_text(&lin, 5, c->cgroup);
	pb_bytes_message(&b, 11, &lin);
	if (c->pid)
		pb_bytes_number(&b, 12, c->pid);
	pb_bytes_number(&b, 14, 1700000000); /* created_at, not in 0.6 */
	return b;
}

static void put_both(struct pb_bytes *b, uint32_t first, const struct nri_pod *pod,
		     const struct nri_container *c)
{
	struct pb_bytes part = nri_pod_bytes(pod);

	pb_bytes_message(b, first, &part);
	if (!c)
		return;
	part = nri_container_bytes(c);
	pb_bytes_message(b, first + 1, &part);
}

struct pb_bytes nri_event_bytes(const struct nri_pod *pod, const struct nri_container *c)
{
	struct pb_bytes b = { .len = 0 };

	put_both(&b, 1, pod, c);
	return b;
}

struct pb_bytes nri_state_change_bytes(int event, const struct nri_pod *pod,
				       const struct nri_container *c)
{
	struct pb_bytes b = { .len = 0 };

	pb_bytes_number(&b, 1, (uint64_t)event);
	put_both(&b, 2, pod, c);
	return b;
}

static struct pb_bytes nth_container(int i)
{
	char id[16], pod_id[16], cgroup[64];
	const struct nri_container c = { .id = id,
					 .pod_id = pod_id,
					 .name = i % 10 ? "side" : "app",
					 .cgroup = cgroup,
					 .pid = (uint32_t)(1000 + i),
					 .state = i % 10 == 9 ? 4 : 3 };

	(void)snprintf(id, sizeof(id), "c%d", i);
	(void)snprintf(pod_id, sizeof(pod_id), "s%d", i / 10);
	(void)snprintf(cgroup, sizeof(cgroup), "/kubepods/pod%d/c%d", i / 10, i);
	return nri_container_bytes(&c);
}

/* The containers first: their pods may come in a later message. */
struct pb_bytes nri_many_bytes(const struct nri_pod *pod, int from, int to, bool more)
{
	struct pb_bytes b = { .len = 0 }, part;
	char id[16];

	for (int i = from; i < to; i++) {
		part = nth_container(i);
		pb_bytes_message(&b, 2, &part);
	}
	for (int i = 0; !more && i < 100; i++) {
		struct nri_pod p = *pod;

		(void)snprintf(id, sizeof(id), "s%d", i);
		p.id = id;
		part = nri_pod_bytes(&p);
		pb_bytes_message(&b, 1, &part);
	}
	if (more)
		pb_bytes_number(&b, 3, 1);
	return b;
}
