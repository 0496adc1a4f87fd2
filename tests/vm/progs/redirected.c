/* SPDX-License-Identifier: Apache-2.0 */
/* A transparent proxy as a mesh's sidecar is: rules of netfilter redirect to it what the pod's
 * programs connect to, and let its own connections out.
 *
 *	redirected PORT LIMIT	serves one connection after the other: connects to where it was
 *				going and passes one line and its answer. Says "passed" for each;
 *				after LIMIT connections that it made itself, "loop", and exits 3
 *	redirected ask ADDRESS PORT	a program: sends a line, prints the answer
 *	redirected answer PORT	a server: answers each line with "hello"
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter_ipv4.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define WAIT_S 20

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "redirected: %s: %s\n", what, strerror(errno));
	exit(1);
}

static struct sockaddr_in address_of(const char *address, const char *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons((uint16_t)strtoul(port, NULL, 10)) };

	if (inet_pton(AF_INET, address, &a.sin_addr) != 1)
		die(address);
	return a;
}

static int listen_at(const char *port)
{
	struct sockaddr_in a = address_of("0.0.0.0", port);
	int on = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 || listen(fd, 64) < 0)
		die("listen");
	return fd;
}

static int connect_to(const struct sockaddr_in *to)
{
	struct timeval wait = { .tv_sec = WAIT_S };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		die("socket");
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) < 0) {
		(void)close(fd);
		return -1;
	}
	return fd;
}

/* One read is one line: they are short. */
static bool pass(int from, int to)
{
	char buf[128];
	ssize_t n = recv(from, buf, sizeof(buf), 0);

	return n > 0 && send(to, buf, (size_t)n, MSG_NOSIGNAL) == n;
}

static bool serve(int fd)
{
	struct sockaddr_in to;
	socklen_t len = sizeof(to);
	bool ok;
	int up;

	if (getsockopt(fd, IPPROTO_IP, SO_ORIGINAL_DST, &to, &len) < 0)
		die("ask where it was going");
	up = connect_to(&to);
	ok = up >= 0 && pass(fd, up) && pass(up, fd);
	if (up >= 0)
		(void)close(up);
	return ok;
}

/* A child for each, as one that is led back to us waits for the next. */
static int proxy(const char *port, int limit)
{
	int listener = listen_at(port);

	for (int n = 0; n < limit; n++) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			die("accept");
		if (fork() == 0) {
			(void)close(listener);
			if (serve(fd))
				puts("passed");
			exit(0);
		}
		(void)close(fd);
	}
	puts("loop");
	return 3;
}

static int answer(const char *port)
{
	int listener = listen_at(port);

	for (;;) {
		char buf[128];
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			die("accept");
		if (recv(fd, buf, sizeof(buf), 0) > 0)
			(void)send(fd, "hello\n", 6, MSG_NOSIGNAL);
		(void)close(fd);
	}
}

static int ask(const char *address, const char *port)
{
	struct sockaddr_in to = address_of(address, port);
	int fd = connect_to(&to);
	char buf[128];
	ssize_t n;

	if (fd < 0)
		die("connect");
	(void)send(fd, "who?\n", 5, MSG_NOSIGNAL);
	n = recv(fd, buf, sizeof(buf), 0);
	if (n <= 0)
		die("no answer");
	return write(STDOUT_FILENO, buf, (size_t)n) == n ? 0 : 1;
}

int main(int argc, char **argv)
{
	(void)setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc == 4 && !strcmp(argv[1], "ask"))
		return ask(argv[2], argv[3]);
	if (argc == 3 && !strcmp(argv[1], "answer"))
		return answer(argv[2]);
	return argc == 3 ? proxy(argv[1], atoi(argv[2])) : 2;
}
