/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/kube/progress.h"

/* Half of it is certain and half is chance, so that many agents whose watches broke at once do not
 * come back at once. */
static int64_t backoff_ms(int failures, uint32_t random)
{
	int64_t ms = KUBE_BACKOFF_MIN_MS;

	for (int i = 1; i < failures && ms < KUBE_BACKOFF_MAX_MS; i++)
		ms *= 2;
	if (ms > KUBE_BACKOFF_MAX_MS)
		ms = KUBE_BACKOFF_MAX_MS;
	return ms / 2 + random % (ms / 2 + 1);
}

/* The list is to be asked again. */
static bool is_lost(const struct kube_progress *p, const struct kube_outcome *o)
{
	if (p->phase == KUBE_LIST || o->gone || o->malformed)
		return true;
	/* The request itself was refused. 401 and 403 do not count, as rights may come, nor does
	 * 429, which means later. */
	if (o->status == 400 || o->status == 404 || o->status == 422)
		return true;
	/* The server answers, but the version leads nowhere. A server that is away, or has no time,
	 * may still have it. */
	return o->status / 100 == 2 && p->failures >= KUBE_FRUITLESS_MAX;
}

int64_t kube_progress_next(struct kube_progress *p, const struct kube_outcome *o, uint32_t random)
{
	bool good = o->status / 100 == 2 && o->whole && !o->gone && !o->malformed;
	int64_t ms, after;

	if (o->fruitful)
		p->failures = 0;
	if (good && o->fruitful) { /* also a watch that came to its planned end */
		if (!o->more)
			p->phase = KUBE_WATCH;
		return 0;
	}
	p->failures++;
	p->restarts++;
	if (is_lost(p, o))
		p->phase = KUBE_LIST;
	ms = backoff_ms(p->failures, random);
	after = o->retry_after_ms > KUBE_RETRY_AFTER_MAX_MS ? KUBE_RETRY_AFTER_MAX_MS :
							      o->retry_after_ms;
	return ms > after ? ms : after + random % 1000;
}
