/* SPDX-License-Identifier: Apache-2.0 */
/* protobuf-c in bounds: what a message becomes in memory has a limit, whatever it says. Pure. */
#ifndef SMC_NRI_PB_H
#define SMC_NRI_PB_H

#include <protobuf-c/protobuf-c.h>

#include "common/err.h"

#define PB_MEMORY_MAX (32u << 20)

struct pb { /* does not move while a message lives */
	ProtobufCAllocator allocator;
	size_t left;
};

void pb_init(struct pb *pb);
/* *ret is freed by pb_free(). -EBADMSG: it is no such message; or it takes too much memory, of
 * which protobuf-c tells nothing. */
int pb_unpack(struct pb *pb, const ProtobufCMessageDescriptor *type, const void *data, size_t len,
	      void *ret, struct err *err);
void pb_free(struct pb *pb, void *message); /* NULL is fine */

#endif
