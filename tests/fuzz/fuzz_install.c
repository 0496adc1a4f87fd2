/* SPDX-License-Identifier: Apache-2.0 */
/* A list of another CNI, and what the agent makes of it. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/wire.h"
#include "node-agent/install/list.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void abort_unless(bool condition)
{
	if (!condition)
		__builtin_trap();
}

static json_t *others(const struct install_list *l)
{
	json_t *copy = json_deep_copy(l->root), *plugins = json_object_get(copy, "plugins");

	for (size_t i = json_array_size(plugins); i-- > 0;) {
		const char *type =
			json_string_value(json_object_get(json_array_get(plugins, i), "type"));

		if (type && !strcmp(type, INSTALL_TYPE))
			abort_unless(json_array_remove(plugins, i) == 0);
	}
	return copy;
}

/* What is not ours is there, all of it and in its order. */
static void expect_others_of(const struct install_list *was, const char *text, int n_ours)
{
	struct install_list is = { 0 };

	abort_unless(install_list_parse("x.conflist", text, strlen(text), &is, NULL) == 0);
	abort_unless(is.n_ours == n_ours && !strcmp(is.name, was->name) &&
		     !strcmp(is.version, was->version));
	if (json_object_get(was->root, "plugins")) {
		json_auto_t *a = others(was), *b = others(&is);
		auto_free char *x = json_dumps(a, JSON_COMPACT), *y = json_dumps(b, JSON_COMPACT);

		abort_unless(x && y && !strcmp(x, y));
	}
	install_list_clear(&is);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_free char *with = NULL, *dropin = NULL, *without = NULL;
	struct err err = ERR_INIT;
	struct install_list l = { 0 };

	if (install_list_parse("x.conflist", (const char *)data, size, &l, &err) < 0) {
		abort_unless(err.msg[0] != '\0' && !l.root);
		return 0;
	}
	abort_unless(wire_name_valid(l.name) && l.version[0]);
	with = install_list_text(&l, "/run/x.sock");
	dropin = install_dropin_text(&l, "/run/x.sock");
	abort_unless(with && dropin && install_is_dropin(dropin, strlen(dropin)));
	expect_others_of(&l, with, 1);
	if (json_array_size(json_object_get(l.root, "plugins")) > (size_t)l.n_ours) {
		without = install_list_text(&l, NULL);
		abort_unless(without);
		expect_others_of(&l, without, 0);
	}
	install_list_clear(&l);
	return 0;
}
