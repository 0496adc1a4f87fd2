/* SPDX-License-Identifier: Apache-2.0 */
/* What GC tells the agent: all that is valid, however much that is. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "cni-plugin/agent.h"
#include "common/cleanup.h"
#include "common/json.h"
#include "common/wire.h"

static struct {
	size_t bytes; /* of the message */
	bool has_file;
	json_t *valid; /* as the agent reads it */
} told;

int __wrap_wire_connect(const char *path, int64_t deadline_ms, struct err *err);
int __wrap_wire_call(int sock, const json_t *request, int passed_fd, int64_t deadline_ms,
		     json_t **ret, const char **ret_code, struct err *err);

int __wrap_wire_connect(const char *path, int64_t deadline_ms, struct err *err)
{
	(void)path, (void)deadline_ms, (void)err;
	return open("/dev/null", O_RDWR | O_CLOEXEC);
}

int __wrap_wire_call(int sock, const json_t *request, int passed_fd, int64_t deadline_ms,
		     json_t **ret, const char **ret_code, struct err *err)
{
	auto_free char *text = json_dumps(request, JSON_COMPACT);
	json_auto_t *file = NULL;

	(void)sock, (void)deadline_ms, (void)ret_code, (void)err;
	told.bytes = strlen(text);
	told.has_file = passed_fd >= 0;
	if (told.has_file) {
		assert_int_equal(lseek(passed_fd, 0, SEEK_SET), 0);
		file = json_loadfd(passed_fd, 0, NULL);
		assert_non_null(file);
	}
	told.valid = json_incref(json_object_get(file ? file : request, "valid"));
	*ret = wire_ok();
	return 0;
}

static void gc_of(size_t n, bool file)
{
	struct wire_attachment *valid = calloc(n + 1, sizeof(*valid));
	struct conf conf = { .name = "net1", .agent_socket = "/nonexistent/agent.sock" };
	struct cni_error e = { 0 };

	assert_non_null(valid);
	for (size_t i = 0; i < n; i++) {
		(void)sprintf(valid[i].container_id, "%064zx", i);
		strcpy(valid[i].ifname, "eth0");
	}
	assert_int_equal(agent_gc(&conf, valid, n, &e), 0);
	assert_int_equal(told.has_file, file);
	assert_true(told.bytes < 128 * 1024);
	assert_int_equal(json_array_size(told.valid), n);
	if (n > 0)
		assert_string_equal(json_string_value(json_object_get(
					    json_array_get(told.valid, n - 1), "containerID")),
				    valid[n - 1].container_id);
	json_decref(told.valid);
	free(valid);
}

static void a_list_goes_into_the_message_or_into_a_file(void **state)
{
	(void)state;
	gc_of(0, false);
	gc_of(1, false);
	gc_of(1100, false);
	gc_of(1400, true);
	gc_of(20000, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_goes_into_the_message_or_into_a_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
