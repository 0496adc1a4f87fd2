/* SPDX-License-Identifier: Apache-2.0 */
/* SMC of the network namespace that it runs in, for scripts:
 *
 *	smcnode ueid NAME	adds the UEID
 *	smcnode stats		prints "smcd=N smcr=N fallback=N": connections as a client so far
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/smc_nl.h"

#define TIMEOUT_MS 5000

static int add_ueid(struct smc_nl *nl, const char *name, struct err *err)
{
	return smc_ueid_add(nl, name, err) < 0 ? -1 : 0;
}

static int print_stats(struct smc_nl *nl, struct err *err)
{
	struct smc_stats stats;

	if (smc_stats_get(nl, &stats, err) < 0)
		return -1;
	printf("smcd=%" PRIu64 " smcr=%" PRIu64 " fallback=%" PRIu64 "\n", stats.smcd.client_conns,
	       stats.smcr.client_conns, stats.fallback_client);
	return 0;
}

int main(int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct smc_nl *nl = NULL;
	int r = smc_nl_open(-1, TIMEOUT_MS, &nl, &err);

	if (r == 0 && argc == 3 && strcmp(argv[1], "ueid") == 0)
		r = add_ueid(nl, argv[2], &err);
	else if (r == 0 && argc == 2 && strcmp(argv[1], "stats") == 0)
		r = print_stats(nl, &err);
	else if (r == 0)
		r = err_set(&err, -EINVAL, "smcnode ueid NAME | stats");
	if (r < 0)
		(void)fprintf(stderr, "smcnode: %s\n", err.msg);
	smc_nl_close(nl);
	return r < 0;
}
