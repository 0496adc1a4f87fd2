/* SPDX-License-Identifier: Apache-2.0 */
/* The listening socket of /metrics, /healthz and /readyz. */
#ifndef SMC_AGENT_LISTENING_H
#define SMC_AGENT_LISTENING_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "common/err.h"

union listening_address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

/* "ip:port" or "[ipv6]:port"; returns the socket, non-blocking. "[::]" is every address of the
 * node, IPv4 too: kubelet's probes ask 127.0.0.1. */
int listening_open(const char *text, struct err *err);

#endif
