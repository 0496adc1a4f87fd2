/* SPDX-License-Identifier: Apache-2.0 */
/* The rivals, and how a socket of each is made. */
#ifndef SMC_PERF_TRANSPORT_H
#define SMC_PERF_TRANSPORT_H

#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/err.h"

enum transport {
	TRANSPORT_TCP,
	TRANSPORT_SMC,
	TRANSPORT_UNIX,
	TRANSPORT_FALLBACK, /* an SMC socket that connects to a TCP one */
};
#define TRANSPORT_N 4

extern const char *const transport_names[TRANSPORT_N]; /* "tcp", "smc", "unix", "fallback" */

/* Where the server of each is. */
struct target {
	struct sockaddr_storage addr; /* its port is TCP's; SMC has the next one */
	socklen_t addr_len;
	struct sockaddr_un local; /* sun_path "": no UNIX socket */
};

/* host: a name or an address, NULL for any of this machine (to listen). -EINVAL and what else. */
int target_find(const char *host, uint16_t port, struct target *ret, struct err *err);
int target_set_unix(struct target *target, const char *path, struct err *err);

/* A connection to the server. Blocking, with time limits and without Nagle's delay. */
int transport_connect(const struct target *target, enum transport t, struct err *err);
/* A listener that does not block. Not TRANSPORT_FALLBACK. -EPROTONOSUPPORT: this kernel has no SMC.
 * The path of a UNIX socket that nobody serves any more is taken over. */
int transport_listen(const struct target *target, enum transport t, struct err *err);

/* SO_PROTOCOL: 6 is TCP, also of an SMC socket that has fallen back; 256 or 0 is SMC. Or -errno. */
int transport_protocol(int fd);

#endif
