/* SPDX-License-Identifier: Apache-2.0 */
/* The places of the HTTP server, and who makes room when all are taken: whoever can reach the port
 * must not be able to keep kubelet's probes away by holding connections. Pure: the caller says what
 * time it is.
 *
 * A connection that has not sent a whole request yet is ended first, the oldest of them before
 * others; a peer with many places makes room for its own new connection. Each state has a time
 * limit of its own, which what trickles in does not move.
 */
#ifndef SMC_AGENT_PLACES_H
#define SMC_AGENT_PLACES_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define PLACES_MAX 32
#define PLACES_OF_ONE_MAX 8 /* of one address */
/* For a whole request, from the connection's begin or the answer before. */
#define PLACES_REQUEST_MS 5000
#define PLACES_ANSWER_MS 20000 /* for the answer to be ready, and taken */

struct place { /* embedded in its owner */
	struct in6_addr peer; /* IPv4 as ::ffff:a.b.c.d */
	bool answering; /* the request is whole */
	int64_t due_ms; /* when it is ended */
	TAILQ_ENTRY(place) all;
};

struct places {
	int n;
	TAILQ_HEAD(, place) all; /* the oldest first */
};

void places_init(struct places *p);
void places_add(struct places *p, struct place *place, const struct in6_addr *peer, int64_t now_ms);
void places_remove(struct places *p, struct place *place);
/* Its request is whole, or (false) answered and the next one may come. */
void places_answering(struct place *place, bool answering, int64_t now_ms);

/* The one that is to go before a connection of that peer may come. NULL: there is room. */
struct place *places_in_the_way(const struct places *p, const struct in6_addr *peer);
/* One whose time is over; NULL: none. */
struct place *places_overdue(const struct places *p, int64_t now_ms);
/* When the next one's will be; -1: there is none. */
int64_t places_next_due(const struct places *p);

#endif
