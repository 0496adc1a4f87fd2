/* SPDX-License-Identifier: Apache-2.0 */
#include "perf/client.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"

static int ask_server(struct bench *b, struct err *err)
{
	int r = proto_send(b->info_fd, "?", 1);

	if (r == 0)
		r = proto_recv(b->info_fd, &b->server, sizeof(b->server));
	if (r < 0)
		return err_sys(err, r, "ask the server about its machine");
	proto_info_swap(&b->server);
	b->same_machine = strcmp(b->server.boot_id, b->client.boot_id) == 0;
	return 0;
}

/* One connection that must be what it is called. */
static int try_transport(const struct bench *b, enum transport t, struct err *err)
{
	auto_close int fd = -1;
	struct verdict v;
	char c;
	int r;

	if (t == TRANSPORT_SMC && !b->server.has_smc)
		return err_set(err, -EPROTONOSUPPORT,
			       "measure SMC: the server's kernel (%s) has no SMC; 'modprobe smc' "
			       "there before the server is started, or use --over tcp",
			       b->server.kernel);
	fd = measure_open(b, t, PROTO_ONCE, 1, err);
	if (fd < 0)
		return fd;
	r = proto_recv(fd, &c, 1);
	if (r < 0)
		return err_sys(err, r, "hear the server by %s", transport_names[t]);
	r = verdict_of(t, &fd, 1, &v, err);
	if (r < 0)
		return r;
	return verdict_holds(t, &v) ? 0 : verdict_refuse(t, &v, err);
}

/* Its name may not be known yet, and nobody listen. */
static int find_server(const struct options *o, struct bench *b, struct err *err)
{
	int64_t deadline_ms = clock_now_ms() + (int64_t)o->wait_s * 1000;
	const struct timespec pause = { .tv_nsec = 200000000 };

	for (;;) {
		int r = target_find(o->host, o->port, &b->target, err);

		if (r == 0) {
			b->info_fd = measure_open(b, TRANSPORT_TCP, PROTO_INFO, 1, err);
			r = b->info_fd < 0 ? b->info_fd : 0;
		}
		/* -EBUSY: our own sockets are no TCP. */
		if (r == 0 || r == -EBUSY || clock_now_ms() >= deadline_ms)
			return r;
		(void)nanosleep(&pause, NULL);
	}
}

int client_open(const struct options *o, struct bench *ret, struct err *err)
{
	struct rlimit files;
	int r = find_server(o, ret, err);

	if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
		files.rlim_cur = files.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &files);
	}
	ret->seconds = o->seconds;
	if (r == 0 && o->unix_path)
		r = target_set_unix(&ret->target, o->unix_path, err);
	if (r == 0)
		r = proto_info_fill(&ret->client, 0, err);
	if (r == 0)
		r = ask_server(ret, err);
	for (size_t i = 0; r == 0 && i < o->n_over; i++)
		r = try_transport(ret, o->over[i], err);
	return r;
}

/* The rounds of the cell that was added last. */
static int run_cell(const struct bench *b, const struct results *results, struct err *err)
{
	const struct cell *c = &results->cells[results->n_cells - 1];
	size_t order[TRANSPORT_N];

	for (unsigned int round = 0; round < c->rounds; round++) {
		stats_order(round, results->n_over, order);
		for (size_t i = 0; i < results->n_over; i++) {
			struct sample *s = results_sample(results, c, order[i], round);
			enum transport t = results->over[order[i]];
			int r = c->measure->run(b, t, c->param, s, err);

			if (r < 0)
				return err_prefix(err, r, "%s over %s", c->measure->name,
						  transport_names[t]);
		}
	}
	return 0;
}

static int run_measure(const struct options *o, const struct bench *b, const struct measure *m,
		       struct results *ret, FILE *progress, struct err *err)
{
	bool of_connections = m->param && strcmp(m->param, "connections") == 0;

	for (size_t i = 0; i < MEASURE_PARAMS_MAX && m->params[i]; i++) {
		uint32_t param = m->params[i];
		int r;

		if (of_connections && param > o->connections) {
			if (!m->once)
				break;
			param = o->connections;
		}
		if (progress)
			(void)fprintf(progress, "smc-perf: %s %u\n", m->name, param);
		r = results_add(ret, m, param, m->once ? 1 : o->rounds);
		r = r < 0 ? err_sys(err, r, "keep results") : run_cell(b, ret, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int client_run(const struct options *o, const struct bench *b, struct results *ret, FILE *progress,
	       struct err *err)
{
	int r = 0;

	ret->n_over = o->n_over;
	memcpy(ret->over, o->over, sizeof(o->over));
	for (size_t i = 0; r == 0 && i < MEASURES_N; i++)
		if (o->measures[i])
			r = run_measure(o, b, &measures[i], ret, progress, err);
	return r;
}
