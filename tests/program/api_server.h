/* SPDX-License-Identifier: Apache-2.0 */
/* A small API server for tests: HTTPS by libmicrohttpd in threads of its own, certificates made by
 * the openssl command. It answers lists and watches of /api/v1/pods and /api/v1/namespaces as it
 * was told, in order; with nothing told, lists are empty (version 1) and watches stay open in
 * silence. Other paths answer 200 {"kind":"Status"}. Each function fails the test.
 */
#ifndef TESTS_UNIT_API_SERVER_H
#define TESTS_UNIT_API_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#include "common/clock.h"

/* Events come when they come: their answers are not those of what else is asked. */
enum api_kind { API_PODS, API_NAMESPACES, API_OTHER, API_EVENTS, API_N_KINDS };

enum api_end {
	API_WHOLE, /* the answer is complete */
	API_HOLD, /* it stays open: api_push() adds to it, api_finish() ends it */
	API_CUT, /* the connection breaks */
};

struct api_answer {
	int status; /* 0: 200 */
	const char *body; /* copied */
	enum api_end end;
	const char *retry_after; /* the header; NULL: none */
};

/* In `dir`: ca.crt, server.crt, server.key, old.crt (expired), other.crt (another CA). */
void api_make_keys(const char *dir);
/* cert: a file's name in dir. The port is the same each time. */
void api_start(const char *dir, const char *cert);
void api_stop(void); /* connections break; what was told is forgotten */
int api_port(void);
/* Writes dir/kubeconfig: that CA, token from dir/token ("secret" if there is none yet). */
void api_kubeconfig(const char *dir, const char *ca);

void api_tell(enum api_kind kind, const struct api_answer *answer);
size_t api_untold(enum api_kind kind); /* answers that nobody asked for yet */
/* More of the answer that is held, now. */
void api_push(enum api_kind kind, const char *text);
void api_finish(enum api_kind kind, enum api_end end);

/* All requests so far, a line each: "pods list", "pods list continue=c", "pods watch 7",
 * "namespaces watch 1", "POST /path". Copied into a static buffer. */
const char *api_log(void);
/* Authorization and body of the last request. */
const char *api_last_authorization(void);
const char *api_last_body(void);
const char *api_last_accept(void);

/* Turns `loop`, the test's own, until the condition holds; fails with the requests so far. */
#define API_DEADLINE_MS 60000
#define until(condition)                                                                          \
	do {                                                                                      \
		int64_t _end = clock_now_ms() + API_DEADLINE_MS;                                  \
		while (!(condition)) {                                                            \
			if (clock_now_ms() > _end)                                                \
				fail_msg("not in time: %s; requests: %s", #condition, api_log()); \
			(void)loop_turn(loop, 20, NULL);                                          \
		}                                                                                 \
	} while (0)

#endif
