/* SPDX-License-Identifier: Apache-2.0 */
/* One connection between two network namespaces over sockets of protocol SMC, and what it became:
 *
 *	smcpair CLIENT_NETNS SERVER_NETNS SERVER_ADDR BYTES
 *
 * Sends BYTES to the server and half of them back. Prints one line:
 *	smcr			the statistics of both show one SMC-R connection and exactly these
 *bytes smcd			the same for SMC-D tcp client=CODE server=CODE	fallback reasons (0:
 *none on that side) tcp ... in N ms		how long connect(2) took, always and exits 1 if the
 *statistics fit none of these.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/netns.h"
#include "common/smc_nl.h"

#define PROTO_SMC 256
#define CHUNK 8192

struct side {
	int netns_fd;
	struct smc_nl *nl;
	struct smc_stats before, after;
};

static void die(const char *what, const char *why)
{
	printf("%s: %s\n", what, why);
	exit(1);
}

static void open_side(struct side *s, const char *name)
{
	struct err err = ERR_INIT;
	char path[128];

	(void)snprintf(path, sizeof(path), "/run/netns/%s", name);
	s->netns_fd = netns_open(path, &err);
	if (s->netns_fd < 0 || smc_nl_open(s->netns_fd, 5000, &s->nl, &err) < 0 ||
	    smc_stats_get(s->nl, &s->before, &err) < 0)
		die(name, err.msg);
}

static int smc_socket(const struct side *s)
{
	struct timeval limit = { .tv_sec = 20 };
	int fd = netns_socket(s->netns_fd, AF_INET, SOCK_STREAM, PROTO_SMC, NULL);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		die("socket", strerror(errno));
	return fd;
}

static void move(int from, int to, long bytes)
{
	static char buf[CHUNK];

	while (bytes > 0) {
		long part = bytes < CHUNK ? bytes : CHUNK;

		if (send(from, buf, (size_t)part, 0) != part)
			die("send", strerror(errno));
		if (recv(to, buf, (size_t)part, MSG_WAITALL) != part)
			die("recv", strerror(errno));
		bytes -= part;
	}
}

static long now_ms(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* Returns the time that connect(2) took. */
static long talk(const struct side *client, const struct side *server, const char *addr, long bytes)
{
	struct sockaddr_in sa = { .sin_family = AF_INET };
	socklen_t len = sizeof(sa);
	int listener = smc_socket(server), c = smc_socket(client), s;
	long start, took;

	if (inet_pton(AF_INET, addr, &sa.sin_addr) != 1 ||
	    bind(listener, (struct sockaddr *)&sa, sizeof(sa)) < 0 || listen(listener, 1) < 0 ||
	    getsockname(listener, (struct sockaddr *)&sa, &len) < 0)
		die("listen", strerror(errno));
	start = now_ms();
	if (connect(c, (struct sockaddr *)&sa, sizeof(sa)) < 0)
		die("connect", strerror(errno));
	took = now_ms() - start;
	s = accept(listener, NULL, NULL);
	if (s < 0)
		die("accept", strerror(errno));
	move(c, s, bytes);
	move(s, c, bytes / 2);
	(void)close(c);
	(void)close(s);
	(void)close(listener);
	return took;
}

/* The code whose count grew, 0 if none did. */
static uint32_t fallback_of(const struct side *s, bool server)
{
	for (int i = 0; i < s->after.n_fallbacks; i++) {
		const struct smc_fallback *f = &s->after.fallbacks[i];
		uint64_t before = 0;

		for (int k = 0; k < s->before.n_fallbacks; k++)
			if (s->before.fallbacks[k].code == f->code &&
			    s->before.fallbacks[k].server == f->server)
				before = s->before.fallbacks[k].count;
		if (f->server == server && f->count > before)
			return f->code;
	}
	return 0;
}

#define GREW(s, tech, field) ((long)((s)->after.tech.field - (s)->before.tech.field))
#define FITS(client, server, tech, bytes)                                                      \
	(GREW(client, tech, client_conns) == 1 && GREW(server, tech, server_conns) == 1 &&     \
	 GREW(client, tech, tx_bytes) == (bytes) && GREW(server, tech, rx_bytes) == (bytes) && \
	 GREW(server, tech, tx_bytes) == (bytes) / 2 &&                                        \
	 GREW(client, tech, rx_bytes) == (bytes) / 2)

int main(int argc, char **argv)
{
	struct side client, server;
	struct err err = ERR_INIT;
	uint32_t why[2];
	long took, bytes;

	if (argc != 5)
		return 2;
	open_side(&client, argv[1]);
	open_side(&server, argv[2]);
	bytes = atol(argv[4]);
	took = talk(&client, &server, argv[3], bytes);
	if (smc_stats_get(client.nl, &client.after, &err) < 0 ||
	    smc_stats_get(server.nl, &server.after, &err) < 0)
		die("statistics", err.msg);
	why[0] = fallback_of(&client, false);
	why[1] = fallback_of(&server, true);
	if (why[0] || why[1])
		printf("tcp client=0x%08x server=0x%08x", why[0], why[1]);
	else if (FITS(&client, &server, smcr, bytes))
		printf("smcr");
	else if (FITS(&client, &server, smcd, bytes))
		printf("smcd");
	else
		die("statistics", "they fit neither SMC-R, SMC-D nor TCP");
	printf(" in %ld ms\n", took);
	return 0;
}
