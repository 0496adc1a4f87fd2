/* SPDX-License-Identifier: Apache-2.0 */
/* Texts of the agent's own making: "NAME=VALUE,NAME=VALUE", as short as a list can be that several
 * threads share and that is compared as a whole. Neither names nor values have '=' or ',' in them;
 * a value may be empty. Pure.
 */
#ifndef SMC_AGENT_PAIRS_H
#define SMC_AGENT_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

struct pair { /* within the text */
	const char *name, *value;
	int name_len, value_len; /* for "%.*s" */
};

/* Goes through a text: *pos is the text first. False at the end; *pos NULL is the end, too. */
bool pairs_next(const char **pos, struct pair *ret);
/* The one of that name. text may be NULL. */
bool pairs_find(const char *text, const char *name, size_t name_len, struct pair *ret);

#endif
