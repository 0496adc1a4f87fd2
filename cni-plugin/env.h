/* SPDX-License-Identifier: Apache-2.0 */
/* The CNI_ variables of the environment, checked. */
#ifndef SMC_PLUGIN_ENV_H
#define SMC_PLUGIN_ENV_H

#include <linux/if_ether.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/err.h"
#include "common/wire.h"

enum env_command {
	ENV_ADD,
	ENV_DEL,
	ENV_CHECK,
	ENV_GC,
	ENV_STATUS,
	ENV_VERSION,
};

struct env { /* strings are borrowed from the environment; "" when absent */
	enum env_command command;
	const char *container_id;
	const char *netns; /* an absolute path; DEL may go without */
	const char *ifname;
	const char *path; /* CNI_PATH */
	/* From CNI_ARGS; ADD only, so that a bad one cannot stop a DEL. */
	struct wire_pod pod;
	char mac[64]; /* as it is, or its beginning: whoever uses it judges it */
};

/* Each verb's variables as the specification has them, "Parameters". -EINVAL names the variable,
 * its value and what is allowed. */
int env_read(struct env *ret, struct err *err);

/* The attachment that these variables and the network's name (checked by conf.c) stand for. */
void env_attachment(const struct env *env, const char *network, struct wire_attachment *ret);

#endif
