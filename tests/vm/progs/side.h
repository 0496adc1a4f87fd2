/* SPDX-License-Identifier: Apache-2.0 */
/* One of the two network namespaces between which a program of the VM cases makes connections. */
#ifndef TESTS_VM_SIDE_H
#define TESTS_VM_SIDE_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "common/err.h"
#include "common/netns.h"
#include "common/smc_nl.h"

#define PROTO_SMC 256

struct side {
	int netns_fd;
	struct smc_nl *nl;
	struct smc_stats before, after;
};

static inline void die(const char *what, const char *why)
{
	printf("%s: %s\n", what, why);
	exit(1);
}

static inline void open_side(struct side *s, const char *name)
{
	struct err err = ERR_INIT;
	char path[128];

	(void)snprintf(path, sizeof(path), "/run/netns/%s", name);
	s->netns_fd = netns_open(path, &err);
	if (s->netns_fd < 0 || smc_nl_open(s->netns_fd, 5000, &s->nl, &err) < 0 ||
	    smc_stats_get(s->nl, &s->before, &err) < 0)
		die(name, err.msg);
}

/* What is not there after so many seconds does not come. */
static inline int smc_socket(const struct side *s, int family, int limit_s)
{
	int fd = netns_socket(s->netns_fd, family, SOCK_STREAM | SOCK_CLOEXEC, PROTO_SMC, NULL);
	struct timeval limit = { .tv_sec = limit_s };

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
		die("socket", strerror(errno));
	return fd;
}

static inline void read_after(struct side *client, struct side *server)
{
	struct err err = ERR_INIT;

	if (smc_stats_get(client->nl, &client->after, &err) < 0 ||
	    smc_stats_get(server->nl, &server->after, &err) < 0)
		die("statistics", err.msg);
}

#endif
