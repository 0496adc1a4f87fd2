/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent of agent_process.h serves by HTTP. */
#ifndef TESTS_AGENT_HTTP_H
#define TESTS_AGENT_HTTP_H

#include <arpa/inet.h>
#include <sys/socket.h>

#include "tests/program/agent_process.h"

/* The answer to GET path, head and body; "" when nobody listens. The caller frees. */
MAYBE char *http_get(const char *path)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons((uint16_t)agent.port),
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	auto_close int sock = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char *text = calloc(1, 1 << 18);
	size_t len = 0;
	ssize_t n;

	assert_non_null(text);
	if (connect(sock, (struct sockaddr *)&sin, sizeof(sin)) < 0)
		return text;
	(void)dprintf(sock, "GET %s HTTP/1.0\r\n\r\n", path);
	while ((n = read(sock, text + len, (1 << 18) - 1 - len)) > 0)
		len += (size_t)n;
	return text;
}

MAYBE bool http_has(const char *path, const char *text)
{
	auto_free char *answer = http_get(path);

	return strstr(answer, text);
}

#endif
