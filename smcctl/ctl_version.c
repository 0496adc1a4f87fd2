/* SPDX-License-Identifier: Apache-2.0 */
#include "smcctl/ctl.h"

enum ctl_exit ctl_version(int argc, char **argv, FILE *out)
{
	(void)argv;
	if (argc > 1) {
		(void)fprintf(stderr, "smcctl: version takes no arguments\n");
		return CTL_USAGE;
	}
	(void)fprintf(out, "smcctl %s\n", SMC_CNI_VERSION);
	return CTL_OK;
}
