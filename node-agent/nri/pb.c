/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/nri/pb.h"

#include <stdlib.h>

/* Each block says in front how long it is. */
union head {
	size_t size;
	max_align_t align;
};

static void *take(void *arg, size_t size)
{
	struct pb *pb = arg;
	union head *head;

	if (size > PB_MEMORY_MAX || size + sizeof(*head) > pb->left)
		return NULL;
	head = malloc(size + sizeof(*head));
	if (!head)
		return NULL;
	head->size = size + sizeof(*head);
	pb->left -= head->size;
	return head + 1;
}

static void give_back(void *arg, void *block)
{
	struct pb *pb = arg;
	union head *head = block;

	if (!block)
		return;
	pb->left += head[-1].size;
	free(head - 1);
}

void pb_init(struct pb *pb)
{
	*pb = (struct pb){
		.allocator = { .alloc = take, .free = give_back, .allocator_data = pb },
		.left = PB_MEMORY_MAX,
	};
}

int pb_unpack(struct pb *pb, const ProtobufCMessageDescriptor *type, const void *data, size_t len,
	      void *ret, struct err *err)
{
	ProtobufCMessage *message = protobuf_c_message_unpack(type, &pb->allocator, len, data);

	if (!message)
		return err_set(err, -EBADMSG, "%zu bytes that are no '%s'", len, type->short_name);
	*(ProtobufCMessage **)ret = message;
	return 0;
}

void pb_free(struct pb *pb, void *message)
{
	if (message)
		protobuf_c_message_free_unpacked(message, &pb->allocator);
}
