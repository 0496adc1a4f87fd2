/* SPDX-License-Identifier: Apache-2.0 */
/* Frames, messages and protobuf, cut anywhere, too long, or no such thing. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "node-agent/nri/mux.h"
#include "node-agent/nri/nri.pb-c.h"
#include "node-agent/nri/pb.h"
#include "node-agent/nri/ttrpc.h"
#include "tests/unit/pb_bytes.h"

/* ---- mux ---- */

static struct {
	uint8_t data[64]; /* of connection 1, one after the other */
	size_t len, pieces, others;
	int rc; /* what the next piece is answered with */
} got;

static int on_piece(void *arg, uint32_t conn, const uint8_t *data, size_t len, struct err *err)
{
	(void)arg;
	assert_true(len > 0);
	if (conn != 1) {
		got.others += len;
		return 0;
	}
	memcpy(got.data + got.len, data, len);
	got.len += len;
	got.pieces++;
	return got.rc < 0 ? err_set(err, got.rc, "told to") : 0;
}

/* "abc" and "" on 1, "xy" on 7, "d" on 1 */
static const uint8_t frames[] = { 0, 0, 0, 1, 0, 0, 0, 3, 'a', 'b', 'c', 0, 0, 0, 1, 0, 0, 0, 0,
				  0, 0, 0, 7, 0, 0, 0, 2, 'x', 'y', 0,	 0, 0, 1, 0, 0, 0, 1, 'd' };

static void frames_that_are_cut_anywhere_are_put_together(void **state)
{
	(void)state;
	for (size_t step = 1; step <= sizeof(frames); step++) {
		struct mux mux = { .left = 0 };

		memset(&got, 0, sizeof(got));
		for (size_t at = 0; at < sizeof(frames); at += step) {
			size_t n = sizeof(frames) - at < step ? sizeof(frames) - at : step;

			assert_int_equal(mux_feed(&mux, frames + at, n, on_piece, NULL, NULL), 0);
		}
		assert_int_equal(got.len, 4);
		assert_memory_equal(got.data, "abcd", 4);
		assert_int_equal(got.others, 2);
		assert_false(mux_midway(&mux));
	}
}

static void half_a_frame_is_known_to_be_half_a_frame(void **state)
{
	(void)state;
	for (size_t n = 1; n < 11; n++) {
		struct mux mux = { .left = 0 };

		memset(&got, 0, sizeof(got));
		assert_int_equal(mux_feed(&mux, frames, n, on_piece, NULL, NULL), 0);
		assert_true(mux_midway(&mux));
	}
}

static void a_frame_that_is_too_long_is_refused_before_it_comes(void **state)
{
	uint8_t header[MUX_HEADER_LEN];
	struct mux mux = { .left = 0 };
	struct err err = ERR_INIT;

	(void)state;
	memset(&got, 0, sizeof(got));
	mux_header(header, 1, MUX_PAYLOAD_MAX);
	assert_int_equal(mux_feed(&mux, header, sizeof(header), on_piece, NULL, &err), 0);
	mux = (struct mux){ .left = 0 };
	mux_header(header, 1, MUX_PAYLOAD_MAX + 1);
	assert_int_equal(mux_feed(&mux, header, sizeof(header), on_piece, NULL, &err), -EMSGSIZE);
	assert_string_equal(err.msg, "frame of 16777217 bytes on connection 1, of which NRI "
				     "allows 16777216");
}

static void an_error_of_the_listener_ends_the_feeding(void **state)
{
	struct mux mux = { .left = 0 };
	struct err err = ERR_INIT;

	(void)state;
	memset(&got, 0, sizeof(got));
	got.rc = -EIO;
	assert_int_equal(mux_feed(&mux, frames, sizeof(frames), on_piece, NULL, &err), -EIO);
	assert_int_equal(got.pieces, 1);
}

/* ---- ttrpc ---- */

static struct {
	int n;
	uint32_t call;
	uint8_t type;
	size_t len, sum;
} heard;

static int on_message(void *arg, const struct ttrpc_message *m, struct err *err)
{
	(void)arg;
	(void)err;
	heard.n++;
	heard.call = m->call;
	heard.type = m->type;
	heard.len = m->len;
	for (size_t i = 0; i < m->len; i++)
		heard.sum += m->data[i];
	return 0;
}

static void messages_that_are_cut_anywhere_are_put_together(void **state)
{
	uint8_t bytes[2 * TTRPC_HEADER_LEN + 5];

	(void)state;
	ttrpc_header(bytes, 3, TTRPC_REQUEST, 5);
	memcpy(bytes + TTRPC_HEADER_LEN, "\1\2\3\4\5", 5);
	ttrpc_header(bytes + TTRPC_HEADER_LEN + 5, 5, TTRPC_RESPONSE, 0);
	for (size_t step = 1; step <= sizeof(bytes); step++) {
		struct ttrpc t = { .data = NULL };

		memset(&heard, 0, sizeof(heard));
		for (size_t at = 0; at < sizeof(bytes); at += step) {
			size_t n = sizeof(bytes) - at < step ? sizeof(bytes) - at : step;

			assert_int_equal(ttrpc_feed(&t, bytes + at, n, on_message, NULL, NULL), 0);
			assert_true(ttrpc_midway(&t) || at + n == sizeof(bytes) || heard.n == 1);
		}
		assert_int_equal(heard.n, 2);
		assert_int_equal(heard.sum, 15);
		assert_int_equal(heard.call, 5);
		assert_int_equal(heard.type, TTRPC_RESPONSE);
		assert_int_equal(heard.len, 0);
		assert_false(ttrpc_midway(&t));
		ttrpc_clear(&t);
	}
}

static void memory_follows_what_came_and_not_what_a_header_says(void **state)
{
	uint8_t header[TTRPC_HEADER_LEN], piece[1000] = { 1 };
	struct ttrpc t = { .data = NULL };

	(void)state;
	memset(&heard, 0, sizeof(heard));
	ttrpc_header(header, 1, TTRPC_REQUEST, TTRPC_DATA_MAX);
	assert_int_equal(ttrpc_feed(&t, header, sizeof(header), on_message, NULL, NULL), 0);
	assert_int_equal(t.room, 0);
	for (size_t at = 0; at < TTRPC_DATA_MAX; at += sizeof(piece)) {
		size_t n = TTRPC_DATA_MAX - at < sizeof(piece) ? TTRPC_DATA_MAX - at :
								 sizeof(piece);

		assert_int_equal(ttrpc_feed(&t, piece, n, on_message, NULL, NULL), 0);
		assert_true(t.room <= 2 * (at + n) + 4096);
	}
	assert_int_equal(heard.n, 1);
	assert_int_equal(heard.len, TTRPC_DATA_MAX);
	assert_int_equal(t.room, 0);
	ttrpc_clear(&t);
}

static void a_message_that_is_too_long_is_refused_before_it_comes(void **state)
{
	uint8_t header[TTRPC_HEADER_LEN];
	struct ttrpc t = { .data = NULL };
	struct err err = ERR_INIT;

	(void)state;
	ttrpc_header(header, 1, TTRPC_REQUEST, TTRPC_DATA_MAX + 1);
	assert_int_equal(ttrpc_feed(&t, header, sizeof(header), on_message, NULL, &err), -EMSGSIZE);
	assert_string_equal(err.msg, "message of 4194305 bytes, of which ttrpc allows 4194304");
	ttrpc_clear(&t);
}

/* ---- protobuf ---- */

static int unpack(struct pb *pb, const struct pb_bytes *b, Nri__Container **ret, struct err *err)
{
	return pb_unpack(pb, &nri__container__descriptor, b->data, b->len, ret, err);
}

static void what_is_not_known_is_passed_over(void **state)
{
	struct pb_bytes b = { .len = 0 };
	Nri__Container *c;
	struct pb pb;

	(void)state;
	pb_bytes_number(&b, 500, 7);
	pb_bytes_text(&b, 3, "app");
	pb_bytes_text(&b, 501, "future");
	pb_bytes_number(&b, 12, 4711);
	pb_init(&pb);
	assert_int_equal(unpack(&pb, &b, &c, NULL), 0);
	assert_string_equal(c->name, "app");
	assert_string_equal(c->id, "");
	assert_int_equal(c->pid, 4711);
	pb_free(&pb, c);
	assert_int_equal(pb.left, PB_MEMORY_MAX);
	pb_bytes_clear(&b);
}

static void a_pod_with_many_variables_costs_no_memory(void **state)
{
	struct pb_bytes b = { .len = 0 };
	Nri__Container *c;
	struct pb pb;

	(void)state;
	for (int i = 0; i < 120000; i++)
		pb_bytes_text(&b, 8, "A=");
	pb_bytes_text(&b, 3, "app");
	pb_init(&pb);
	assert_int_equal(unpack(&pb, &b, &c, NULL), 0);
	assert_string_equal(c->name, "app");
	assert_true(PB_MEMORY_MAX - pb.left < 4096);
	pb_free(&pb, c);
	pb_bytes_clear(&b);
}

static void what_would_take_too_much_memory_is_refused(void **state)
{
	struct pb_bytes b = { .len = 0 };
	struct err err = ERR_INIT;
	Nri__Container *c;
	struct pb pb;

	(void)state;
	for (int i = 0; i < 1000000; i++)
		pb_bytes_number(&b, 100, 1);
	pb_init(&pb);
	assert_int_equal(unpack(&pb, &b, &c, &err), -EBADMSG);
	assert_string_equal(err.msg, "3000000 bytes that are no 'Container'");
	assert_int_equal(pb.left, PB_MEMORY_MAX);
	pb_bytes_clear(&b);
}

static void a_message_that_is_cut_is_none(void **state)
{
	struct pb_bytes b = { .len = 0 };
	Nri__Container *c;
	int whole = 0;
	struct pb pb;

	(void)state;
	pb_bytes_text(&b, 1, "0123");
	pb_bytes_text(&b, 3, "app");
	pb_init(&pb);
	for (size_t len = 0; len <= b.len; len++) {
		const struct pb_bytes cut = { .data = b.data, .len = len };

		if (unpack(&pb, &cut, &c, NULL) < 0)
			continue;
		pb_free(&pb, c);
		whole++;
	}
	assert_int_equal(whole, 3); /* nothing, one field, both */
	assert_int_equal(pb.left, PB_MEMORY_MAX);
	pb_bytes_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(frames_that_are_cut_anywhere_are_put_together),
		cmocka_unit_test(half_a_frame_is_known_to_be_half_a_frame),
		cmocka_unit_test(a_frame_that_is_too_long_is_refused_before_it_comes),
		cmocka_unit_test(an_error_of_the_listener_ends_the_feeding),
		cmocka_unit_test(messages_that_are_cut_anywhere_are_put_together),
		cmocka_unit_test(memory_follows_what_came_and_not_what_a_header_says),
		cmocka_unit_test(a_message_that_is_too_long_is_refused_before_it_comes),
		cmocka_unit_test(what_is_not_known_is_passed_over),
		cmocka_unit_test(a_pod_with_many_variables_costs_no_memory),
		cmocka_unit_test(what_would_take_too_much_memory_is_refused),
		cmocka_unit_test(a_message_that_is_cut_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
