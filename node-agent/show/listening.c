/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/show/listening.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/inet.h"

#define BACKLOG 128
#define DEFER_S 1 /* a connection is seen when it has sent something, or after this time */

/* "10.0.0.1:9810", "[::1]:9810"; the config has checked it. */
static int parse_address(const char *text, union listening_address *ret, struct err *err)
{
	char host[64];
	const char *colon = strrchr(text, ':');
	struct inet_addr addr;
	size_t len;
	int r;

	if (!colon)
		return err_set(err, -EINVAL, "metrics '%s': no port", text);
	len = (size_t)(colon - text);
	if (text[0] == '[' && len >= 2) {
		text++;
		len -= 2;
	}
	(void)snprintf(host, sizeof(host), "%.*s", (int)len, text);
	r = inet_parse(host, &addr, err);
	if (r < 0)
		return r;
	memset(ret, 0, sizeof(*ret));
	ret->any.sa_family = (sa_family_t)addr.family;
	if (addr.family == AF_INET) {
		ret->v4.sin_addr = addr.v4;
		ret->v4.sin_port = htons((uint16_t)atoi(colon + 1));
	} else {
		ret->v6.sin6_addr = addr.v6;
		ret->v6.sin6_port = htons((uint16_t)atoi(colon + 1));
	}
	return 0;
}

int listening_open(const char *text, struct err *err)
{
	const int on = 1, off = 0, defer_s = DEFER_S;
	union listening_address address;
	socklen_t len = sizeof(address.v6);
	auto_close int fd = -1;
	int r = parse_address(text, &address, err);

	if (r < 0)
		return r;
	fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_sys(err, errno, "listen on '%s'", text);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &defer_s, sizeof(defer_s));
	if (address.any.sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
	else
		len = sizeof(address.v4);
	if (bind(fd, &address.any, len) < 0 || listen(fd, BACKLOG) < 0)
		return err_sys(err, errno, "listen on '%s'", text);
	return TAKE_FD(fd);
}
