/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/show/places.h"

#include <stddef.h>

void places_init(struct places *p)
{
	*p = (struct places){ 0 };
	TAILQ_INIT(&p->all);
}

void places_add(struct places *p, struct place *place, const struct in6_addr *peer, int64_t now_ms)
{
	place->peer = *peer;
	places_answering(place, false, now_ms);
	TAILQ_INSERT_TAIL(&p->all, place, all);
	p->n++;
}

void places_remove(struct places *p, struct place *place)
{
	TAILQ_REMOVE(&p->all, place, all);
	p->n--;
}

void places_answering(struct place *place, bool answering, int64_t now_ms)
{
	place->answering = answering;
	place->due_ms = now_ms + (answering ? PLACES_ANSWER_MS : PLACES_REQUEST_MS);
}

static bool is_of(const struct place *place, const struct in6_addr *peer)
{
	return !peer || IN6_ARE_ADDR_EQUAL(&place->peer, peer);
}

/* The first to go, of one peer or (NULL) of all. */
static struct place *first_to_go(const struct places *p, const struct in6_addr *peer)
{
	struct place *place, *oldest = NULL;

	TAILQ_FOREACH(place, &p->all, all) {
		if (!is_of(place, peer))
			continue;
		if (!place->answering)
			return place;
		if (!oldest)
			oldest = place;
	}
	return oldest;
}

struct place *places_in_the_way(const struct places *p, const struct in6_addr *peer)
{
	struct place *place;
	int n = 0;

	TAILQ_FOREACH(place, &p->all, all) {
		if (is_of(place, peer))
			n++;
	}
	if (n >= PLACES_OF_ONE_MAX)
		return first_to_go(p, peer);
	return p->n >= PLACES_MAX ? first_to_go(p, NULL) : NULL;
}

struct place *places_overdue(const struct places *p, int64_t now_ms)
{
	struct place *place;

	TAILQ_FOREACH(place, &p->all, all) {
		if (place->due_ms <= now_ms)
			return place;
	}
	return NULL;
}

int64_t places_next_due(const struct places *p)
{
	const struct place *place;
	int64_t due = -1;

	TAILQ_FOREACH(place, &p->all, all) {
		if (due < 0 || place->due_ms < due)
			due = place->due_ms;
	}
	return due;
}
