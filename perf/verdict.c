/* SPDX-License-Identifier: Apache-2.0 */
#include "perf/verdict.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/smc_diag.h"
#include "common/smc_fallback.h"

#define TIMEOUT_MS 5000

struct look {
	ino_t *inodes; /* sorted */
	size_t n;
	size_t smcr, smcd;
	struct verdict *verdict;
};

static int compare(const void *a, const void *b)
{
	ino_t x = *(const ino_t *)a, y = *(const ino_t *)b;

	return (x > y) - (x < y);
}

static void look_at(const struct smc_diag_socket *s, void *arg)
{
	struct look *look = arg;

	if (!bsearch(&s->inode, look->inodes, look->n, sizeof(ino_t), compare))
		return;
	look->smcr += s->kind == SMC_DIAG_KIND_SMCR;
	look->smcd += s->kind == SMC_DIAG_KIND_SMCD;
	look->verdict->buffer_bytes += s->buffer_bytes;
	if (s->kind == SMC_DIAG_KIND_TCP) {
		look->verdict->reason = s->reason;
		look->verdict->peer_diagnosis = s->peer_diagnosis;
	}
}

static int count_fallen(const int *fds, size_t n, ino_t *inodes, size_t *ret, struct err *err)
{
	struct stat st;
	size_t fallen = 0;

	for (size_t i = 0; i < n; i++) {
		int protocol = transport_protocol(fds[i]);

		if (protocol < 0 || fstat(fds[i], &st) < 0)
			return err_sys(err, protocol < 0 ? protocol : errno,
				       "ask what a connection is");
		inodes[i] = st.st_ino;
		fallen += protocol == IPPROTO_TCP;
	}
	*ret = fallen;
	return 0;
}

static enum verdict_kind kind_of(const struct look *look)
{
	if (look->verdict->fallen > 0)
		return VERDICT_FALLBACK;
	if (look->smcd == look->n)
		return VERDICT_SMCD;
	return look->smcr == look->n ? VERDICT_SMCR : VERDICT_SMC;
}

int verdict_of(enum transport t, const int *fds, size_t n, struct verdict *ret, struct err *err)
{
	auto_free ino_t *inodes = calloc(n + 1, sizeof(*inodes));
	struct verdict v = { .n = n };
	struct look look = { .inodes = inodes, .n = n, .verdict = &v };
	int r;

	if (t == TRANSPORT_TCP || t == TRANSPORT_UNIX) {
		v.kind = t == TRANSPORT_TCP ? VERDICT_TCP : VERDICT_UNIX;
		*ret = v;
		return 0;
	}
	if (!inodes)
		return err_sys(err, ENOMEM, "ask what a connection is");
	r = count_fallen(fds, n, inodes, &v.fallen, err);
	if (r < 0)
		return r;
	qsort(inodes, n, sizeof(*inodes), compare);
	/* Where the kernel cannot be asked, SO_PROTOCOL still tells SMC from TCP. */
	(void)smc_diag_each(TIMEOUT_MS, look_at, &look, NULL);
	v.buffer_bytes /= n > 0 ? n : 1;
	v.kind = kind_of(&look);
	*ret = v;
	return 0;
}

bool verdict_holds(enum transport t, const struct verdict *v)
{
	switch (t) {
	case TRANSPORT_SMC:
		return v->n > 0 && v->fallen == 0;
	case TRANSPORT_FALLBACK:
		return v->n > 0 && v->fallen == v->n;
	default:
		return true;
	}
}

const char *verdict_name(const struct verdict *v)
{
	static const char *const names[] = {
		[VERDICT_NONE] = "?",
		[VERDICT_TCP] = "TCP",
		[VERDICT_UNIX] = "UNIX",
		[VERDICT_SMC] = "SMC",
		[VERDICT_SMCR] = "SMC-R",
		[VERDICT_SMCD] = "SMC-D",
		[VERDICT_FALLBACK] = "fallback",
	};

	return names[v->kind];
}

int verdict_refuse(enum transport t, const struct verdict *v, struct err *err)
{
	const struct smc_fallback_reason *why = smc_fallback_reason(v->reason);
	const struct smc_fallback_reason *peer = smc_fallback_reason(v->peer_diagnosis);

	if (t == TRANSPORT_FALLBACK)
		return err_set(err, -EPROTONOSUPPORT,
			       "measure a fallback: %zu of %zu connections became SMC",
			       v->n - v->fallen, v->n);
	if (!v->reason)
		return err_set(err, -EPROTONOSUPPORT,
			       "measure SMC: %zu of %zu connections fell back to TCP; load the "
			       "module smc_diag to be told why",
			       v->fallen, v->n);
	if (v->peer_diagnosis)
		return err_set(err, -EPROTONOSUPPORT,
			       "measure SMC: %zu of %zu connections fell back to TCP: %s; the "
			       "peer says %s: %s %s",
			       v->fallen, v->n, why->name, peer->name, peer->text,
			       peer->advice ? peer->advice : "");
	return err_set(err, -EPROTONOSUPPORT,
		       "measure SMC: %zu of %zu connections fell back to TCP: %s: %s %s", v->fallen,
		       v->n, why->name, why->text, why->advice ? why->advice : "");
}
