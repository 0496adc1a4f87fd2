/* SPDX-License-Identifier: Apache-2.0 */
/* What needs no RDMA device; the rest runs in tests/vm (common_rdma). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/rdma_nl.h"

static const struct rdma_nl_port ports[] = {
	{ .device = "mlx5_0", .port = 1, .state = 4 },
	{ .device = "mlx5_0", .port = 2, .state = 1 },
	{ .device = "rxe0", .port = 1, .state = 4 },
};

static void a_port_is_found_by_device_and_number(void **state)
{
	(void)state;
	assert_ptr_equal(rdma_nl_find(ports, 3, "mlx5_0", 2), &ports[1]);
	assert_ptr_equal(rdma_nl_find(ports, 3, "rxe0", 1), &ports[2]);
	assert_null(rdma_nl_find(ports, 3, "rxe0", 2));
	assert_null(rdma_nl_find(ports, 2, "rxe0", 1));
}

static void only_state_active_is_active(void **state)
{
	(void)state;
	assert_true(rdma_nl_is_active(&ports[0]));
	assert_false(rdma_nl_is_active(&ports[1]));
	assert_string_equal(rdma_nl_state_text(4), "active");
	assert_string_equal(rdma_nl_state_text(1), "down");
	assert_string_equal(rdma_nl_state_text(250), "unknown");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_is_found_by_device_and_number),
		cmocka_unit_test(only_state_active_is_active),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
