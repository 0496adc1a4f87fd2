/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/nri/call.h"

#include <assert.h>
#include <stdio.h>

#include "node-agent/nri/mux.h"
#include "node-agent/nri/nri.pb-c.h"
#include "node-agent/nri/ttrpc.h"

#define HEADERS_LEN (MUX_HEADER_LEN + TTRPC_HEADER_LEN)
#define BODY_MAX 256
#define TEXT_MAX 256

/* What is sent is short, and its length is ours to know. */
static ProtobufCBinaryData pack_body(uint8_t to[BODY_MAX], const ProtobufCMessage *body)
{
	assert(protobuf_c_message_get_packed_size(body) <= BODY_MAX);
	return (ProtobufCBinaryData){ .data = to, .len = protobuf_c_message_pack(body, to) };
}

static size_t pack(uint8_t to[CALL_MAX], uint32_t conn, uint32_t call, enum ttrpc_type type,
		   const ProtobufCMessage *message)
{
	size_t len = protobuf_c_message_get_packed_size(message);

	assert(HEADERS_LEN + len <= CALL_MAX);
	mux_header(to, conn, (uint32_t)(TTRPC_HEADER_LEN + len));
	ttrpc_header(to + MUX_HEADER_LEN, call, type, (uint32_t)len);
	(void)protobuf_c_message_pack(message, to + HEADERS_LEN);
	return HEADERS_LEN + len;
}

size_t call_ask(uint8_t to[CALL_MAX], uint32_t call, const char *method,
		const ProtobufCMessage *body)
{
	Nri__Request request = NRI__REQUEST__INIT;
	char service[] = CALL_RUNTIME, name[64];
	uint8_t buf[BODY_MAX];

	(void)snprintf(name, sizeof(name), "%s", method);
	request.service = service;
	request.method = name;
	request.payload = pack_body(buf, body);
	return pack(to, MUX_RUNTIME_CONN, call, TTRPC_REQUEST, &request.base);
}

size_t call_answer(uint8_t to[CALL_MAX], uint32_t call, const ProtobufCMessage *body)
{
	Nri__Response response = NRI__RESPONSE__INIT;
	uint8_t buf[BODY_MAX];

	response.payload = pack_body(buf, body);
	return pack(to, MUX_PLUGIN_CONN, call, TTRPC_RESPONSE, &response.base);
}

size_t call_refuse(uint8_t to[CALL_MAX], uint32_t call, int code, const char *text)
{
	Nri__Response response = NRI__RESPONSE__INIT;
	Nri__Status status = NRI__STATUS__INIT;
	char message[TEXT_MAX];

	(void)snprintf(message, sizeof(message), "%.*s", TEXT_MAX - 1, text);
	status.code = code;
	status.message = message;
	response.status = &status;
	return pack(to, MUX_PLUGIN_CONN, call, TTRPC_RESPONSE, &response.base);
}
