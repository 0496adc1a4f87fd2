/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMC_PERF_OPTIONS_H
#define SMC_PERF_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "perf/measure.h"

#define OPTIONS_ROUNDS_MAX 100
#define OPTIONS_WAIT_MAX_S 3600
#define OPTIONS_CONNECTIONS_MAX 10000

struct options {
	bool help;
	bool json;
	bool once;
	const char *host; /* the server's, or of the server: where it listens; NULL: everywhere */
	const char *unix_path; /* NULL: no UNIX socket */
	uint16_t port;
	uint32_t connections; /* at most so many at a time */
	unsigned int rounds;
	double seconds; /* a sample */
	unsigned int wait_s; /* for the server to be there; 0: it is */
	size_t n_over;
	enum transport over[TRANSPORT_N];
	bool measures[MEASURES_N];
};

/* argv[0] is the command. Defaults for what is not given. -EINVAL names the option, what it got
 * and what is allowed; getopt's own message for an option that there is not is in err, too. */
int options_client(int argc, char **argv, struct options *ret, struct err *err);
int options_server(int argc, char **argv, struct options *ret, struct err *err);

#endif
