/* SPDX-License-Identifier: Apache-2.0 */
/* What socket(AF_INET, SOCK_STREAM, 0) gives in a network namespace: prints 6 (TCP) or 256 (SMC).
 *
 * usage: protocol NAME [COUNT SECONDS]
 *	of /run/netns; with a count: that many values the pause apart
 */
#include <stdio.h>
#include <stdlib.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/netns.h"

static int protocol(void)
{
	int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int value = -1;
	socklen_t len = sizeof(value);

	if (sock < 0 || getsockopt(sock, SOL_SOCKET, SO_PROTOCOL, &value, &len) < 0)
		perror("protocol: socket");
	if (sock >= 0)
		(void)close(sock);
	return value;
}

int main(int argc, char **argv)
{
	int count = argc > 3 ? atoi(argv[2]) : 1;
	double pause_s = argc > 3 ? atof(argv[3]) : 0;
	struct err err = ERR_INIT;
	char path[256];
	int fd;

	if (argc < 2)
		return 2;
	(void)snprintf(path, sizeof(path), "/run/netns/%s", argv[1]);
	fd = netns_open(path, &err);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0) {
		(void)fprintf(stderr, "protocol: %s\n", err.msg);
		return 1;
	}
	(void)close(fd);
	for (int i = 0; i < count; i++) {
		if (i)
			(void)usleep((useconds_t)(pause_s * 1e6));
		(void)printf("%d\n", protocol());
		(void)fflush(stdout);
	}
	return 0;
}
