/* SPDX-License-Identifier: Apache-2.0 */
/* What is measured. Each measure has parameters (sizes, or how many connections) and gives, for one
 * transport in one round, one sample. */
#ifndef SMC_PERF_MEASURE_H
#define SMC_PERF_MEASURE_H

#include <stdint.h>

#include "perf/hist.h"
#include "perf/load.h"
#include "perf/proto.h"
#include "perf/verdict.h"

enum metric {
	METRIC_P50, /* us */
	METRIC_P99,
	METRIC_P999,
	METRIC_RATE, /* a second */
	METRIC_CPU, /* us of processor time, of both machines, for each of what RATE counts */
	METRIC_BYTES, /* of memory a connection, of both ends */
	METRIC_N,
};

extern const char *const metric_names[METRIC_N]; /* "p50_us" and so on */

struct sample {
	double values[METRIC_N]; /* NAN: not known */
	struct verdict verdict;
};

/* Whom and how long. */
struct bench {
	struct target target;
	int info_fd; /* the connection for questions to the server */
	bool same_machine;
	struct proto_info server; /* as it was first */
	struct proto_info client;
	double seconds; /* for one sample */
};

#define MEASURE_PARAMS_MAX 6

struct measure {
	const char *name; /* of --measure and in JSON: "round-trip" */
	const char *title; /* of its table */
	const char *unit; /* of the metric that counts, in the table */
	const char *param; /* what the parameter is: "bytes", "connections", or NULL: nothing */
	const char *per; /* what CPU time is for */
	enum metric counts;
	bool more_is_better;
	bool once; /* a second round would find what the first has left */
	uint32_t params[MEASURE_PARAMS_MAX]; /* ends with 0 */
	/* Fills ret (whose values are NAN before); with a verdict that does not hold the rest may
	 * be left. 0 or -errno. */
	int (*run)(const struct bench *b, enum transport t, uint32_t param, struct sample *ret,
		   struct err *err);
};

#define MEASURES_N 5
extern const struct measure measures[MEASURES_N];

int measure_rr(const struct bench *b, enum transport t, uint32_t bytes, struct sample *ret,
	       struct err *err);
int measure_connect(const struct bench *b, enum transport t, uint32_t unused, struct sample *ret,
		    struct err *err);
int measure_stream(const struct bench *b, enum transport t, uint32_t bytes, struct sample *ret,
		   struct err *err);
int measure_parallel(const struct bench *b, enum transport t, uint32_t n, struct sample *ret,
		     struct err *err);
int measure_memory(const struct bench *b, enum transport t, uint32_t n, struct sample *ret,
		   struct err *err);

/* ---- what they share ---- */

uint64_t measure_now_ns(void);

/* A connection whose hello has been said. */
int measure_open(const struct bench *b, enum transport t, enum proto_op op, uint32_t size,
		 struct err *err);
/* n of them in fds (of n + 1, all -1 before). measure_close() takes what is there after a failure,
 * too. */
int measure_open_many(const struct bench *b, enum transport t, enum proto_op op, uint32_t size,
		      int *fds, uint32_t n, struct err *err);
void measure_close(int *fds, uint32_t n);

/* Both machines, or the one that there is. */
int measure_load(const struct bench *b, struct load *ret, struct err *err);

/* Percentiles, and what follows from the number of operations and the time and load they took. */
void measure_fill(struct sample *ret, const struct hist *h, double ops, uint64_t ns,
		  const struct load *before, const struct load *after);

#endif
