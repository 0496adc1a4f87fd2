/* SPDX-License-Identifier: Apache-2.0 */
/* Each call that a server or a client makes on its stream sockets, and what the kernel said:
 * CALL=ok or CALL=ERRNO. What is refused does not end the program, as long as there is a socket:
 * the next call is made all the same.
 *
 *	calls server PORT	one connection; a line PORT=N says where it listens
 *	calls client ADDRESS PORT
 *
 * protocol=N is what the connection is: 256, or 6 for TCP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool tell(const char *call, long rc)
{
	printf("%s=%s ", call, rc < 0 ? strerrorname_np(errno) : "ok");
	return rc >= 0;
}

static struct sockaddr_in any_address(const char *port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
				     .sin_port = htons((uint16_t)atoi(port)) };
}

static int stream_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (tell("socket", fd))
		return fd;
	(void)putchar('\n');
	exit(1);
}

static int bound(const char *call, const char *port)
{
	struct sockaddr_in sin = any_address(port);
	int fd = stream_socket(), on = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)tell(call, bind(fd, (struct sockaddr *)&sin, sizeof(sin)));
	return fd;
}

static void options(int fd)
{
	struct timeval limit = { .tv_sec = 20 };
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	int on = 1;

	/* where this one is refused, so is reading: nothing waits for ever */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	(void)tell("getpeername", getpeername(fd, (struct sockaddr *)&peer, &len));
	(void)tell("setsockopt", setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)));
}

static void protocol_of(int fd)
{
	int protocol = 0;
	socklen_t len = sizeof(protocol);

	if (tell("getsockopt", getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len)))
		printf("protocol=%d ", protocol);
}

static void say(int fd, const char *word)
{
	(void)tell("send", send(fd, word, strlen(word), MSG_NOSIGNAL));
}

static void hear(int fd, const char *word)
{
	char got[16] = "";
	ssize_t n = recv(fd, got, sizeof(got) - 1, 0);

	if (n < 0)
		(void)tell("recv", n);
	else
		printf("recv=%s ", strcmp(got, word) ? "other" : "ok");
}

static void serve(const char *port)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int fd, conn;

	(void)close(bound("bind-0", "0"));
	fd = bound("bind", port);
	(void)tell("listen", listen(fd, 1)); /* takes a port by itself if it has none */
	if (getsockname(fd, (struct sockaddr *)&sin, &len) < 0)
		exit(1);
	printf("\nPORT=%d\n", ntohs(sin.sin_port));
	(void)fflush(stdout);
	conn = accept(fd, NULL, NULL);
	if (!tell("accept", conn))
		return;
	options(conn);
	hear(conn, "ping");
	protocol_of(conn);
	say(conn, "pong");
	(void)tell("shutdown", shutdown(conn, SHUT_WR));
}

static void ask(const char *ip, const char *port)
{
	struct sockaddr_in sin = any_address(port);
	int fd = stream_socket();

	if (inet_pton(AF_INET, ip, &sin.sin_addr) != 1)
		exit(2);
	(void)tell("connect", connect(fd, (struct sockaddr *)&sin, sizeof(sin)));
	options(fd);
	protocol_of(fd);
	say(fd, "ping");
	hear(fd, "pong");
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], "server"))
		serve(argv[2]);
	else if (argc == 4 && !strcmp(argv[1], "client"))
		ask(argv[2], argv[3]);
	else
		return 2;
	(void)putchar('\n');
	return 0;
}
