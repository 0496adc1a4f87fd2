/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/conflict.h"

#include <stdio.h>
#include <string.h>

/* Sentences are: found (WHAT)so; or: cannot look for them: WHY. */
static const struct {
	const char *found, *so, *them;
} words[] = {
	[CONFLICT_OWNER_RULES] = {
		.found = "rules of the pod's network match owners of sockets",
		.so = ", which SMC sockets lack: a proxy's own traffic would be led back to it, unless "
		      "'containers' names those that are none",
		.them = "rules that match owners of sockets",
	},
	[CONFLICT_SOCK_OPS] = {
		.found = "a sock_ops program sees the pod's sockets",
		.so = " and may put SMC sockets into a sockmap, which the kernel does not bear; "
		      "'allow.sockOps' of the agent's configuration allows it",
		.them = "sock_ops programs of the pod",
	},
};

void conflict_set(struct conflict *c, int rc, const char *what, const struct err *err)
{
	c->answer = rc < 0 ? CONFLICT_DOUBT : rc > 0 ? CONFLICT_YES : CONFLICT_NO;
	(void)snprintf(c->what, sizeof(c->what), "%.*s", CONFLICT_WHAT_MAX - 1,
		       rc < 0 ? err->msg :
		       rc > 0 ? what :
				"");
}

bool conflicts_take(struct conflicts *known, const struct conflicts *look)
{
	bool news = false;

	for (int i = 0; i < CONFLICT_N_KINDS; i++) {
		struct conflict *have = &known->of[i];
		const struct conflict *seen = &look->of[i];

		if (seen->answer == CONFLICT_UNSEEN ||
		    (seen->answer == CONFLICT_DOUBT && have->answer == CONFLICT_YES) ||
		    (seen->answer == have->answer && !strcmp(seen->what, have->what)))
			continue;
		*have = *seen;
		news = true;
	}
	return news;
}

void conflicts_drop_doubts(struct conflicts *look)
{
	for (int i = 0; i < CONFLICT_N_KINDS; i++) {
		if (look->of[i].answer == CONFLICT_DOUBT)
			look->of[i] = (struct conflict){ .answer = CONFLICT_UNSEEN };
	}
}

static bool is_allowed(const struct config *config, int kind, bool named)
{
	return kind == CONFLICT_SOCK_OPS ? config->allow_sock_ops : named;
}

const struct conflict *conflicts_forbidding(const struct config *config, const struct conflicts *c,
					    bool named)
{
	for (int i = 0; i < CONFLICT_N_KINDS; i++) {
		const struct conflict *one = &c->of[i];

		if (!is_allowed(config, i, named) &&
		    (one->answer == CONFLICT_YES || one->answer == CONFLICT_DOUBT))
			return one;
	}
	return NULL;
}

bool conflicts_forbid(const struct config *config, const struct conflicts *c, bool named, char *buf,
		      size_t size)
{
	const struct conflict *one = conflicts_forbidding(config, c, named);
	ptrdiff_t kind;

	if (!one)
		return false;
	kind = one - c->of;
	if (one->answer == CONFLICT_YES)
		(void)snprintf(buf, size, "%s (%s)%s", words[kind].found, one->what,
			       words[kind].so);
	else
		(void)snprintf(buf, size, "cannot look for %s: %s", words[kind].them, one->what);
	return true;
}
