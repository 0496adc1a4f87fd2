/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that SMC knows (kernel: smcd_nl_get_device, smcr_nl_get_device). */
#include <linux/smc.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/smc_nl.h"
#include "common/smc_nl_priv.h"

static int count_message(const struct nlmsghdr *nlh, void *arg)
{
	int *n = arg;

	(void)nlh;
	(*n)++;
	return 0;
}

static void reset_count(void *arg)
{
	*(int *)arg = 0;
}

/* The loopback device is left out of the dump (smc_nl_prep_smcd_dev); it shows in sysfs. */
static bool has_loopback(void)
{
	static const char *const paths[] = {
		"/sys/class/dibs/lo", /* since 6.18, drivers/dibs/dibs_loopback.c */
		"/sys/devices/loopback-ism", /* 6.10 to 6.17, net/smc/smc_loopback.c */
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		if (access(paths[i], F_OK) == 0)
			return true;
	}
	return false;
}

int smc_devices_get(struct smc_nl *nl, struct smc_devices *ret, struct err *err)
{
	int n_smcd = 0, n_smcr = 0;
	int r = smc_nl_dump(nl, nl->gen_family, SMC_NETLINK_GET_DEV_SMCD, count_message,
			    reset_count, &n_smcd, err);

	if (r == 0)
		r = smc_nl_dump(nl, nl->gen_family, SMC_NETLINK_GET_DEV_SMCR, count_message,
				reset_count, &n_smcr, err);
	if (r < 0)
		return err_prefix(err, r, "list SMC devices");
	*ret = (struct smc_devices){ .n_smcd = n_smcd + (has_loopback() ? 1 : 0),
				     .n_smcr = n_smcr };
	return 0;
}
