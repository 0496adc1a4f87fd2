/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "node-agent/config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* agent.yaml: read, or refused with a message; never both, never neither. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *c = NULL;
	struct err err = ERR_INIT;
	int rc = config_parse((const char *)data, size, "agent.yaml", &c, &err);

	if ((rc == 0) != (c != NULL) || (rc == 0) != (err.msg[0] == '\0'))
		abort();
	config_free(c);
	return 0;
}
