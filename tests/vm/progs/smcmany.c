/* SPDX-License-Identifier: Apache-2.0 */
/* Connections between two network namespaces over sockets of protocol SMC, one after the other, and
 * what they became:
 *
 *	smcmany CLIENT_NETNS SERVER_NETNS SERVER_ADDR PORT N|FILE
 *
 * N of them, or as many as there are until FILE is there. Each sends a request and gets an answer;
 * one that does not within 60 s, or whose ends are not both SMC or both TCP, ends the program with
 * status 1. Prints one line:
 *	n=N smc=N plain_client=N plain_server=N other=N
 * smc: by the statistics of the client; plain: fallbacks since the other end had sent no SMC option
 * (0x03010000), by those of each side; other: all the client's for another reason.
 */
#include <arpa/inet.h>

#include "common/cleanup.h"
#include "tests/vm/progs/side.h"

#define PLAIN 0x03010000 /* SMC_CLC_DECL_PEERNOSMC */
#define BYTES 4096
#define LIMIT_S 60

static socklen_t address(const char *text, const char *port, struct sockaddr_storage *ret)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6 };
	struct sockaddr_in v4 = { .sin_family = AF_INET };

	v4.sin_port = v6.sin6_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
		memcpy(ret, &v4, sizeof(v4));
		return sizeof(v4);
	}
	if (inet_pton(AF_INET6, text, &v6.sin6_addr) != 1)
		die("address", text);
	memcpy(ret, &v6, sizeof(v6));
	return sizeof(v6);
}

static void move(int from, int to, int i)
{
	char sent[BYTES], got[BYTES];

	memset(sent, i, sizeof(sent));
	if (send(from, sent, sizeof(sent), MSG_NOSIGNAL) != sizeof(sent))
		die("send", strerror(errno));
	if (recv(to, got, sizeof(got), MSG_WAITALL) != sizeof(got))
		die("recv", strerror(errno));
	if (memcmp(sent, got, sizeof(sent)) != 0)
		die("recv", "something else than was sent");
}

static int protocol_of(int fd)
{
	int protocol = 0;
	socklen_t len = sizeof(protocol);

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) < 0)
		die("SO_PROTOCOL", strerror(errno));
	return protocol;
}

static void talk(const struct side *client, int listener, const struct sockaddr_storage *to,
		 socklen_t len, int i)
{
	auto_close int c = smc_socket(client, to->ss_family, LIMIT_S);
	auto_close int s = -1;

	if (connect(c, (const struct sockaddr *)to, len) < 0)
		die("connect", strerror(errno));
	s = accept(listener, NULL, NULL);
	if (s < 0)
		die("accept", strerror(errno));
	move(c, s, i);
	move(s, c, i + 1);
	if (protocol_of(c) != protocol_of(s))
		die("protocol", "the ends are not of one mind");
}

/* How often fallbacks of this side of connections happened, for this reason or for all others. */
static long fallbacks(const struct side *s, bool server, bool plain)
{
	long n = 0;

	for (int i = 0; i < s->after.n_fallbacks; i++)
		if (s->after.fallbacks[i].server == server &&
		    (s->after.fallbacks[i].code == PLAIN) == plain)
			n += (long)s->after.fallbacks[i].count;
	for (int i = 0; i < s->before.n_fallbacks; i++)
		if (s->before.fallbacks[i].server == server &&
		    (s->before.fallbacks[i].code == PLAIN) == plain)
			n -= (long)s->before.fallbacks[i].count;
	return n;
}

int main(int argc, char **argv)
{
	struct sockaddr_storage to;
	struct side client, server;
	int listener, n, i = 0;
	socklen_t len;

	if (argc != 6)
		return 2;
	open_side(&client, argv[1]);
	open_side(&server, argv[2]);
	len = address(argv[3], argv[4], &to);
	listener = smc_socket(&server, to.ss_family, LIMIT_S);
	if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &(int){ 1 }, sizeof(int)) < 0 ||
	    bind(listener, (struct sockaddr *)&to, len) < 0 || listen(listener, 8) < 0)
		die("listen", strerror(errno));
	for (n = atoi(argv[5]); n ? i < n : access(argv[5], F_OK) < 0; i++)
		talk(&client, listener, &to, len, i);
	read_after(&client, &server);
	printf("n=%d smc=%ld plain_client=%ld plain_server=%ld other=%ld\n", i,
	       (long)(client.after.smcd.client_conns - client.before.smcd.client_conns +
		      client.after.smcr.client_conns - client.before.smcr.client_conns),
	       fallbacks(&client, false, true), fallbacks(&server, true, true),
	       fallbacks(&client, false, false));
	return 0;
}
