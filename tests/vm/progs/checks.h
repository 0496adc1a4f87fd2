/* SPDX-License-Identifier: Apache-2.0 */
/* What the programs of VM cases share that check common/: a line a check on stdout, and a count of
 * what failed. */
#ifndef SMC_TESTS_VM_CHECKS_H
#define SMC_TESTS_VM_CHECKS_H

#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/netns.h"
#include "common/smc_nl.h"

#define TIMEOUT_MS 5000

static struct err err;
static int n_bad;

static void check(bool good, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void check(bool good, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	printf("%s: ", good ? "ok" : "NOT ok");
	(void)vprintf(fmt, args);
	printf("\n");
	va_end(args);
	n_bad += good ? 0 : 1;
}

static inline void is(int got, int want, const char *what)
{
	check(got == want, "%s: %d, want %d%s%s", what, got, want, got < 0 ? ": " : "",
	      got < 0 ? err.msg : "");
}

static inline void says(const char *want)
{
	check(strstr(err.msg, want) != NULL, "the message '%s' says '%s'", err.msg, want);
}

/* The caller moves into a fresh namespace with lo up; returns a descriptor of it. */
static inline int enter_fresh_netns(void)
{
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	auto_close int sock = -1;

	if (unshare(CLONE_NEWNET) < 0)
		abort();
	sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (sock < 0 || ioctl(sock, SIOCSIFFLAGS, &ifr) < 0)
		abort();
	return netns_open("/proc/self/ns/net", &err);
}

static inline struct smc_nl *open_nl(int netns_fd)
{
	struct smc_nl *nl = NULL;

	if (smc_nl_open(netns_fd, TIMEOUT_MS, &nl, &err) < 0) {
		printf("NOT ok: %s\n", err.msg);
		exit(1);
	}
	return nl;
}

/* Other cases of the same guest may have left some. */
static inline void drop_ueids(struct smc_nl *nl)
{
	char(*list)[SMC_UEID_LEN + 1] = NULL;
	int n = smc_ueid_list(nl, &list, &err);

	for (int i = 0; i < n; i++)
		is(smc_ueid_del(nl, list[i], &err), 0, "del a UEID that was there");
	free(list);
}

#endif
