#include "smcctl/cmd.h"

enum cmd_exit cmd_version(int argc, char **argv, FILE *out)
{
	(void)argv;
	if (argc > 1) {
		(void)fprintf(stderr, "smcctl: version takes no arguments\n");
		return CMD_USAGE;
	}
	(void)fprintf(out, "smcctl %s\n", SMC_CNI_VERSION);
	return CMD_OK;
}
