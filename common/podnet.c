/* SPDX-License-Identifier: Apache-2.0 */
#include "common/podnet.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/sysctl.h"

/* Only on s390 an interface may have a pnet id of its hardware (CONFIG_HAVE_PNETID of the kernel).
 * Such an id is in no table, and keeps others for that interface out of it. */
#ifdef __s390x__
#define HARDWARE_HAS_IDS true
#else
#define HARDWARE_HAS_IDS false
#endif

/* Bounds each netlink request; the caller's deadline bounds the whole. */
#define TIMEOUT_MS 2000

static struct smc_pnet entry_of(const struct podnet_pnet *p)
{
	struct smc_pnet entry = { .ibport = 0 };

	_Static_assert(sizeof(entry.ethname) == sizeof(p->ifname), "both hold an interface name");
	_Static_assert(sizeof(entry.id) == sizeof(p->id), "both hold a pnet id");
	memcpy(entry.ethname, p->ifname, sizeof(entry.ethname));
	memcpy(entry.id, p->id, sizeof(entry.id));
	return entry;
}

static void smc_nl_closep(struct smc_nl **nl)
{
	smc_nl_close(*nl);
}

/* A setting that has the value already is not written, so that undo leaves it alone. */
static int apply_sysctl(int netns_fd, const struct podnet_sysctl *want, struct podnet *done,
			struct err *err)
{
	struct podnet_sysctl old = *want;
	int r = sysctl_get(netns_fd, want->name, old.value, sizeof(old.value), err);

	if (r < 0 || strcmp(old.value, want->value) == 0)
		return r;
	r = sysctl_set(netns_fd, want->name, want->value, err);
	if (r == 0)
		done->sysctls[done->n_sysctls++] = old;
	return r;
}

/* Returns 1 if the hardware of one of the interfaces has an id. */
static int apply_pnets(int netns_fd, const struct podnet *plan, struct podnet *done,
		       struct err *err)
{
	auto_with(smc_nl_closep) struct smc_nl *nl = NULL;
	int r = 0, hardware = 0;

	if (plan->n_pnets > 0)
		r = smc_nl_open(netns_fd, TIMEOUT_MS, &nl, err);
	for (int i = 0; i < plan->n_pnets && r >= 0; i++) {
		struct smc_pnet entry = entry_of(&plan->pnets[i]);

		r = smc_pnet_add(nl, &entry, err);
		if (r == 0)
			done->pnets[done->n_pnets++] = plan->pnets[i];
		if (r == -ENOTUNIQ)
			r = hardware = 1;
	}
	return r < 0 ? r : hardware;
}

int podnet_apply(int netns_fd, const struct podnet *plan, struct podnet *undo, struct err *err)
{
	struct podnet done = { .n_pnets = 0 };
	struct err why = ERR_INIT;
	/* The pnet ids come first: asking for them loads the module smc, which makes the
	 * settings. */
	int hardware = apply_pnets(netns_fd, plan, &done, err), r = hardware < 0 ? hardware : 0;

	for (int i = 0; i < plan->n_sysctls && r == 0; i++)
		r = apply_sysctl(netns_fd, &plan->sysctls[i], &done, err);
	if (r < 0) {
		if (podnet_undo(netns_fd, &done, &why) < 0)
			(void)err_prefix(err, r, "take back after an error (%s)", why.msg);
		return r;
	}
	*undo = done;
	return hardware;
}

static int check_pnet(const struct smc_pnet *entries, int n, const struct podnet_pnet *want,
		      struct err *err)
{
	for (int i = 0; i < n; i++) {
		if (strcmp(entries[i].ethname, want->ifname) != 0)
			continue;
		if (strcasecmp(entries[i].id, want->id) == 0)
			return 0;
		return err_set(err, -ENOENT, "interface '%s' has pnet id '%s' instead of '%s'",
			       want->ifname, entries[i].id, want->id);
	}
	if (HARDWARE_HAS_IDS)
		return 0;
	return err_set(err, -ENOENT, "interface '%s' has no pnet id, expected '%s'", want->ifname,
		       want->id);
}

static int check_pnets(int netns_fd, const struct podnet *plan, struct err *err)
{
	auto_with(smc_nl_closep) struct smc_nl *nl = NULL;
	auto_free struct smc_pnet *entries = NULL;
	int n, r;

	r = smc_nl_open(netns_fd, TIMEOUT_MS, &nl, err);
	if (r < 0)
		return r;
	n = smc_pnet_list(nl, &entries, err);
	if (n < 0)
		return n;
	for (int i = 0; i < plan->n_pnets && r == 0; i++)
		r = check_pnet(entries, n, &plan->pnets[i], err);
	return r;
}

static int check_sysctl(int netns_fd, const struct podnet_sysctl *want, struct err *err)
{
	char value[sizeof(want->value)];
	int r = sysctl_get(netns_fd, want->name, value, sizeof(value), err);

	if (r == 0 && strcmp(value, want->value) != 0)
		return err_set(err, -ENOENT, "sysctl '%s' is '%s' instead of '%s'", want->name,
			       value, want->value);
	return r;
}

int podnet_check(int netns_fd, const struct podnet *plan, struct err *err)
{
	int r = plan->n_pnets > 0 ? check_pnets(netns_fd, plan, err) : 0;

	for (int i = 0; i < plan->n_sysctls && r == 0; i++)
		r = check_sysctl(netns_fd, &plan->sysctls[i], err);
	return r;
}

/* Remembers the first error and its text. */
static void note(int r, const struct err *why, int *first, struct err *err)
{
	if (r < 0 && r != -ENOENT && *first == 0)
		*first = err_set(err, r, "%s", why->msg);
}

static void undo_pnets(int netns_fd, const struct podnet *undo, int *first, struct err *err)
{
	auto_with(smc_nl_closep) struct smc_nl *nl = NULL;
	struct err why = ERR_INIT;
	int r;

	if (undo->n_pnets == 0)
		return;
	r = smc_nl_open(netns_fd, TIMEOUT_MS, &nl, &why);
	if (r < 0) {
		/* There is no SMC any more: the module has taken its tables along. */
		if (r != -EPROTONOSUPPORT)
			note(r, &why, first, err);
		return;
	}
	for (int i = undo->n_pnets - 1; i >= 0; i--) {
		struct smc_pnet entry = entry_of(&undo->pnets[i]);

		r = smc_pnet_del(nl, &entry, &why);
		note(r, &why, first, err);
	}
}

int podnet_undo(int netns_fd, const struct podnet *undo, struct err *err)
{
	struct err why = ERR_INIT;
	int first = 0;

	for (int i = undo->n_sysctls - 1; i >= 0; i--) {
		const struct podnet_sysctl *old = &undo->sysctls[i];

		note(sysctl_set(netns_fd, old->name, old->value, &why), &why, &first, err);
	}
	undo_pnets(netns_fd, undo, &first, err);
	return first;
}
