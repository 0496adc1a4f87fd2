/* SPDX-License-Identifier: Apache-2.0 */
/* Calls and answers as they go out: one ttrpc message in one frame each. Pure. */
#ifndef SMC_NRI_CALL_H
#define SMC_NRI_CALL_H

#include <protobuf-c/protobuf-c.h>
#include <stddef.h>
#include <stdint.h>

#define CALL_PLUGIN "nri.pkg.api.v1alpha1.Plugin"
#define CALL_RUNTIME "nri.pkg.api.v1alpha1.Runtime"
/* The runtime reads a frame into a buffer of 4096 bytes; ours are far shorter. */
#define CALL_MAX 1024

/* gRPC's codes */
#define CALL_INVALID_ARGUMENT 3
#define CALL_UNIMPLEMENTED 12

/* Each returns the length of what goes out. */
size_t call_ask(uint8_t to[CALL_MAX], uint32_t call, const char *method,
		const ProtobufCMessage *body);
size_t call_answer(uint8_t to[CALL_MAX], uint32_t call, const ProtobufCMessage *body);
/* text is cut where it is long. */
size_t call_refuse(uint8_t to[CALL_MAX], uint32_t call, int code, const char *text);

#endif
