/* SPDX-License-Identifier: Apache-2.0 */
/* One way, as fast as it goes. What counts is what the server says it got, until it says so. */
#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "perf/measure.h"

#define MB 1e6

static int stream(int fd, const char *buffer, uint32_t bytes, uint64_t until_ns, uint64_t *ret_sent)
{
	uint64_t sent = 0;

	while (measure_now_ns() < until_ns) {
		int r = proto_send(fd, buffer, bytes);

		if (r < 0)
			return r;
		sent += bytes;
	}
	*ret_sent = sent;
	return 0;
}

/* Ends our direction and hears how much has come. */
static int finish(int fd, uint64_t sent, struct err *err)
{
	uint64_t got;
	int r = shutdown(fd, SHUT_WR) < 0 ? -errno : proto_recv(fd, &got, sizeof(got));

	if (r < 0)
		return err_sys(err, r, "end a stream");
	if (be64toh(got) != sent)
		return err_set(err, -EPROTO, "end a stream: %llu bytes were sent, %llu came",
			       (unsigned long long)sent, (unsigned long long)be64toh(got));
	return 0;
}

int measure_stream(const struct bench *b, enum transport t, uint32_t bytes, struct sample *ret,
		   struct err *err)
{
	auto_close int fd = measure_open(b, t, PROTO_SINK, bytes, err);
	auto_free char *buffer = calloc(1, bytes);
	struct load before, after;
	uint64_t start, sent;
	int r;

	if (fd < 0)
		return fd;
	if (!buffer)
		return err_sys(err, ENOMEM, "measure a stream");
	r = verdict_of(t, &fd, 1, &ret->verdict, err);
	if (r == 0)
		r = measure_load(b, &before, err);
	if (r < 0)
		return r;
	start = measure_now_ns();
	r = stream(fd, buffer, bytes, start + (uint64_t)(b->seconds * 1e9), &sent);
	if (r < 0)
		return err_sys(err, r, "send a stream of %u bytes a write", bytes);
	r = finish(fd, sent, err);
	start = measure_now_ns() - start;
	if (r == 0)
		r = measure_load(b, &after, err);
	if (r < 0)
		return r;
	measure_fill(ret, NULL, (double)sent / MB, start, &before, &after);
	return 0;
}
