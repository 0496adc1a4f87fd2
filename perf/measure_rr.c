/* SPDX-License-Identifier: Apache-2.0 */
/* Round trips: on a connection that is open, and each on one of its own. */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "perf/measure.h"

/* Of the time of a sample, for caches and congestion windows to settle. */
#define WARM_UP 0.1
/* TCP keeps the port of a connection for a minute: 12 samples of so many leave some of 28,000. */
#define CONNECTS_MAX 2000

static int round_trip(int fd, char *buffer, uint32_t bytes)
{
	int r = proto_send(fd, buffer, bytes);

	return r < 0 ? r : proto_recv(fd, buffer, bytes);
}

static int round_trips(int fd, char *buffer, uint32_t bytes, uint64_t until_ns, struct hist *h)
{
	uint64_t start = measure_now_ns(), end;

	do {
		int r = round_trip(fd, buffer, bytes);

		if (r < 0)
			return r;
		end = measure_now_ns();
		hist_add(h, end - start);
		start = end;
	} while (end < until_ns);
	return 0;
}

int measure_rr(const struct bench *b, enum transport t, uint32_t bytes, struct sample *ret,
	       struct err *err)
{
	auto_close int fd = measure_open(b, t, PROTO_ECHO, bytes, err);
	auto_free struct hist *h = calloc(2, sizeof(*h)); /* the second: of the warming up */
	auto_free char *buffer = calloc(1, bytes);
	uint64_t start, length = (uint64_t)(b->seconds * 1e9);
	struct load before, after;
	int r;

	if (fd < 0)
		return fd;
	if (!h || !buffer)
		return err_sys(err, ENOMEM, "measure round trips");
	r = round_trips(fd, buffer, bytes, measure_now_ns() + (uint64_t)((double)length * WARM_UP),
			h + 1);
	if (r == 0)
		r = measure_load(b, &before, err);
	start = measure_now_ns();
	if (r == 0)
		r = round_trips(fd, buffer, bytes, start + length, h);
	if (r < 0)
		return err_sys(err, r, "measure round trips of %u bytes", bytes);
	length = measure_now_ns() - start;
	r = measure_load(b, &after, err);
	if (r < 0)
		return r;
	measure_fill(ret, h, (double)h->n, length, &before, &after);
	return verdict_of(t, &fd, 1, &ret->verdict, err);
}

/* Whether one more connection has fallen back. What it is, and why, is asked of the first one, and
 * of the first one that has. */
static int judge(enum transport t, int fd, struct verdict *v, struct err *err)
{
	bool may_fall = t == TRANSPORT_SMC || t == TRANSPORT_FALLBACK;
	bool has_fallen = may_fall && transport_protocol(fd) == IPPROTO_TCP;
	struct verdict one = { .n = 0 };
	size_t n = v->n + 1, fallen = v->fallen + has_fallen;
	int r = 0;

	if (n == 1 || (has_fallen && fallen == 1)) {
		r = verdict_of(t, &fd, 1, &one, err);
		if (r == 0)
			*v = one;
	}
	v->n = n;
	v->fallen = fallen;
	return r;
}

/* One connection. What it is is asked outside of the time that counts. */
static int connect_once(const struct bench *b, enum transport t, struct hist *h, struct verdict *v,
			struct err *err)
{
	uint64_t start = measure_now_ns();
	auto_close int fd = measure_open(b, t, PROTO_ONCE, 1, err);
	char c;
	int r;

	if (fd < 0)
		return fd;
	r = proto_recv(fd, &c, 1);
	if (r < 0)
		return err_sys(err, r, "wait for the answer to a request");
	hist_add(h, measure_now_ns() - start);
	r = judge(t, fd, v, err);
	/* The server closes first, so that the port that is kept for a minute is its own. */
	(void)proto_recv(fd, &c, 1);
	return r;
}

int measure_connect(const struct bench *b, enum transport t, uint32_t unused, struct sample *ret,
		    struct err *err)
{
	auto_free struct hist *h = calloc(1, sizeof(*h));
	uint64_t start, until;
	struct load before, after;
	int r;

	(void)unused;
	if (!h)
		return err_sys(err, ENOMEM, "measure connects");
	r = measure_load(b, &before, err);
	start = measure_now_ns();
	until = start + (uint64_t)(b->seconds * 1e9);
	while (r == 0 && h->n < CONNECTS_MAX && measure_now_ns() < until)
		r = connect_once(b, t, h, &ret->verdict, err);
	if (r < 0)
		return r;
	until = measure_now_ns();
	r = measure_load(b, &after, err);
	if (r < 0)
		return r;
	measure_fill(ret, h, (double)h->n, until - start, &before, &after);
	return 0;
}
