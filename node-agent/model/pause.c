/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/model/pause.h"

#include <errno.h>
#include <string.h>

#include "common/annotations.h"
#include "common/cleanup.h"

enum pause_said pause_read(const json_t *annotations, struct err *err)
{
	static const struct {
		const char *key, *what;
	} places[] = {
		{ NAMES_PREFIX "pause", "annotation" },
		{ ANNOTATIONS_PAUSE_LABEL, "label" },
	};
	enum pause_said said = PAUSE_OFF;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		const json_t *value = json_object_get(annotations, places[i].key);
		const char *text = json_string_value(value);

		if (!value || (text && strcmp(text, "false") == 0))
			continue;
		if (text && strcmp(text, "true") == 0)
			return PAUSE_ON;
		said = PAUSE_BAD;
		(void)err_set(err, -EINVAL,
			      "%s '" NAMES_PREFIX "pause' of the agents' namespace: got '%.64s', "
			      "allowed: true, false",
			      places[i].what, text ? text : "(no string)");
	}
	return said;
}
