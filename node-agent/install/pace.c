/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/install/pace.h"

static int64_t doubled(int64_t first_ms, int times, int64_t max_ms)
{
	int64_t ms = first_ms;

	while (times-- > 0 && ms < max_ms)
		ms *= 2;
	return ms < max_ms ? ms : max_ms;
}

/* The first time it is put is no repair. */
static int64_t put(struct install_pace *p, int64_t now_ms)
{
	p->failures = 0;
	if (!p->placed) {
		p->placed = true;
		return INSTALL_PACE_CHECK_MS;
	}
	if (now_ms >= p->window_end_ms) {
		p->window_end_ms = now_ms + INSTALL_PACE_WINDOW_MS;
		p->repairs = 0;
	}
	if (++p->repairs < INSTALL_PACE_REPAIRS_MAX)
		return INSTALL_PACE_CHECK_MS;
	p->repairs = 0;
	p->window_end_ms = 0;
	p->rest_end_ms = now_ms + INSTALL_PACE_REST_MS;
	return INSTALL_PACE_REST_MS;
}

int64_t install_pace_done(struct install_pace *p, enum install_outcome outcome, int64_t now_ms)
{
	p->rest_end_ms = 0;
	switch (outcome) {
	case INSTALL_FAILED:
		return doubled(INSTALL_PACE_RETRY_MS, p->failures++, INSTALL_PACE_RETRY_MAX_MS);
	case INSTALL_WAS_RIGHT:
		p->failures = 0;
		p->placed = true;
		break;
	case INSTALL_PUT:
		return put(p, now_ms);
	}
	return INSTALL_PACE_CHECK_MS;
}

int64_t install_pace_event(const struct install_pace *p, int64_t now_ms)
{
	if (install_pace_rests(p, now_ms))
		return p->rest_end_ms - now_ms;
	/* whoever rewrites the list again and again meets us ever later */
	return doubled(INSTALL_PACE_SETTLE_MS, now_ms < p->window_end_ms ? 2 * p->repairs : 0,
		       INSTALL_PACE_CHECK_MS);
}

bool install_pace_rests(const struct install_pace *p, int64_t now_ms)
{
	return now_ms < p->rest_end_ms;
}
