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
#include <time.h>

#include "common/cleanup.h"
#include "tests/vm/progs/side.h"

#define CHUNK 8192
#define LIMIT_S 20

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
	int listener = smc_socket(server, AF_INET, LIMIT_S),
	    c = smc_socket(client, AF_INET, LIMIT_S), s;
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
	uint32_t why[2];
	long took, bytes;

	if (argc != 5)
		return 2;
	open_side(&client, argv[1]);
	open_side(&server, argv[2]);
	bytes = atol(argv[4]);
	took = talk(&client, &server, argv[3], bytes);
	read_after(&client, &server);
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
