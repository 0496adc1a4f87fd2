/* SPDX-License-Identifier: Apache-2.0 */
#include "perf/measure.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"

const char *const metric_names[METRIC_N] = { "p50_us", "p99_us", "p999_us",
					     "rate",   "cpu_us", "bytes" };

/* Memory comes first: SMC keeps buffers for the next connection. */
const struct measure measures[MEASURES_N] = {
	{ "memory",
	  "Memory of an open connection, both ends",
	  "KiB",
	  "connections",
	  "connection",
	  METRIC_BYTES,
	  false,
	  true,
	  { 100 },
	  measure_memory },
	{ "round-trip",
	  "Round trip on an open connection",
	  "us",
	  "bytes",
	  "round trip",
	  METRIC_P50,
	  false,
	  false,
	  { 1, 64, 1024, 4096, 16384, 65536 },
	  measure_rr },
	{ "connect",
	  "Connect, ask (16 bytes), hear (1 byte), close",
	  "us",
	  NULL,
	  "connection",
	  METRIC_P50,
	  false,
	  false,
	  { 1 },
	  measure_connect },
	{ "stream",
	  "One-way stream, by the size of a write",
	  "MB/s",
	  "bytes",
	  "MB",
	  METRIC_RATE,
	  true,
	  false,
	  { 512, 4096, 65536, 1048576 },
	  measure_stream },
	{ "parallel",
	  "64 bytes each way on parallel connections",
	  "req/s",
	  "connections",
	  "request",
	  METRIC_RATE,
	  true,
	  false,
	  { 1, 10, 100, 1000 },
	  measure_parallel },
};

uint64_t measure_now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

int measure_open(const struct bench *b, enum transport t, enum proto_op op, uint32_t size,
		 struct err *err)
{
	auto_close int fd = transport_connect(&b->target, t, err);
	struct proto_hello hello;
	int r;

	if (fd < 0)
		return fd;
	proto_hello_fill(&hello, op, size);
	r = proto_send(fd, &hello, sizeof(hello));
	return r < 0 ? err_sys(err, r, "greet the server") : TAKE_FD(fd);
}

int measure_open_many(const struct bench *b, enum transport t, enum proto_op op, uint32_t size,
		      int *fds, uint32_t n, struct err *err)
{
	for (uint32_t i = 0; i < n; i++) {
		fds[i] = measure_open(b, t, op, size, err);
		if (fds[i] < 0)
			return err_prefix(err, fds[i], "connection %u of %u", i + 1, n);
	}
	return 0;
}

void measure_close(int *fds, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (fds[i] >= 0)
			(void)close(fds[i]);
}

int measure_load(const struct bench *b, struct load *ret, struct err *err)
{
	struct proto_info server;
	struct load load;
	int r = load_read(&load, err);

	if (r < 0 || b->same_machine) {
		*ret = load;
		return r;
	}
	r = proto_send(b->info_fd, "?", 1);
	if (r == 0)
		r = proto_recv(b->info_fd, &server, sizeof(server));
	if (r < 0)
		return err_sys(err, r, "ask the server how busy its machine is");
	proto_info_swap(&server);
	load.busy_us += server.busy_us;
	load.used_bytes += server.used_bytes;
	*ret = load;
	return 0;
}

void measure_fill(struct sample *ret, const struct hist *h, double ops, uint64_t ns,
		  const struct load *before, const struct load *after)
{
	if (h) {
		ret->values[METRIC_P50] = hist_percentile(h, 500) / 1e3;
		ret->values[METRIC_P99] = hist_percentile(h, 990) / 1e3;
		ret->values[METRIC_P999] = hist_percentile(h, 999) / 1e3;
	}
	if (ops <= 0 || ns == 0)
		return;
	ret->values[METRIC_RATE] = ops * 1e9 / (double)ns;
	ret->values[METRIC_CPU] = (double)(after->busy_us - before->busy_us) / ops;
}
