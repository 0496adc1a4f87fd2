/* SPDX-License-Identifier: Apache-2.0 */
/* An ordinary TCP program that times round trips: what `tests/bench/transport`
 * compares over SMC and TCP.
 *
 *   pingpong server PORT
 *   pingpong client ADDRESS PORT BYTES ROUNDS    prints the median round trip in microseconds
 *   pingpong connect ADDRESS PORT ROUNDS     prints that of connect + one byte each way + close
 *
 * A client says the size first: one line of text, then rounds of that many bytes each way.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define SIZE_MAX_BYTES (1 << 20)

static char block[SIZE_MAX_BYTES];

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "pingpong: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int64_t now_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int send_all(int fd, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = send(fd, block + done, len - done, MSG_NOSIGNAL);

		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

static int recv_all(int fd, size_t len)
{
	for (size_t done = 0; done < len;) {
		ssize_t n = recv(fd, block + done, len - done, 0);

		if (n <= 0)
			return -1;
		done += (size_t)n;
	}
	return 0;
}

static struct sockaddr_in address(const char *ip, const char *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };

	sin.sin_port = htons((uint16_t)atoi(port));
	if (inet_pton(AF_INET, ip, &sin.sin_addr) != 1)
		die(ip);
	return sin;
}

static void no_delay(int fd)
{
	int on = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
}

static void serve(const char *port)
{
	struct sockaddr_in sin = address("0.0.0.0", port);
	int fd = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (fd < 0 || bind(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0 || listen(fd, 64) < 0)
		die("listen");
	for (;;) {
		int conn = accept(fd, NULL, NULL);
		uint32_t size;

		if (conn < 0)
			die("accept");
		no_delay(conn);
		if (recv(conn, &size, sizeof(size), MSG_WAITALL) == sizeof(size) &&
		    size <= SIZE_MAX_BYTES)
			while (recv_all(conn, size) == 0 && send_all(conn, size) == 0)
				;
		(void)close(conn);
	}
}

static int dial(const char *ip, const char *port, uint32_t size)
{
	struct sockaddr_in sin = address(ip, port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (fd < 0 || connect(fd, (struct sockaddr *)&sin, sizeof(sin)) < 0)
		die("connect");
	no_delay(fd);
	if (send(fd, &size, sizeof(size), MSG_NOSIGNAL) != sizeof(size))
		die("send");
	return fd;
}

static void round_trip(int fd, size_t size)
{
	if (send_all(fd, size) < 0 || recv_all(fd, size) < 0)
		die("round trip");
}

static int by_value(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static void print_median(int64_t *ns, size_t n)
{
	qsort(ns, n, sizeof(*ns), by_value);
	printf("%.1f\n", (double)ns[n / 2] / 1000);
}

int main(int argc, char **argv)
{
	size_t rounds = argc > 4 ? strtoul(argv[argc - 1], NULL, 10) : 0;
	int64_t *ns = rounds ? calloc(rounds, sizeof(*ns)) : NULL;

	if (argc == 3 && !strcmp(argv[1], "server")) {
		serve(argv[2]);
	} else if (ns && argc == 6 && !strcmp(argv[1], "client")) {
		uint32_t size = (uint32_t)strtoul(argv[4], NULL, 10);
		int fd = dial(argv[2], argv[3], size);

		for (size_t i = 0; i < rounds / 10; i++)
			round_trip(fd, size);
		for (size_t i = 0; i < rounds; i++) {
			int64_t begin = now_ns();

			round_trip(fd, size);
			ns[i] = now_ns() - begin;
		}
	} else if (ns && argc == 5 && !strcmp(argv[1], "connect")) {
		for (size_t i = 0; i < rounds; i++) {
			int64_t begin = now_ns();
			int fd = dial(argv[2], argv[3], 1);

			round_trip(fd, 1);
			(void)close(fd);
			ns[i] = now_ns() - begin;
		}
	} else {
		fprintf(stderr,
			"usage: pingpong server PORT | client IP PORT BYTES ROUNDS | connect IP PORT ROUNDS\n");
		return 2;
	}
	print_median(ns, rounds);
	free(ns);
	return 0;
}
