/* SPDX-License-Identifier: Apache-2.0 */
#include "node-agent/nri/mux.h"

#include "node-agent/nri/bytes.h"

static int begin_payload(struct mux *mux, struct err *err)
{
	mux->conn = bytes_get_be32(mux->header);
	mux->left = bytes_get_be32(mux->header + 4);
	mux->header_len = 0;
	if (mux->left <= MUX_PAYLOAD_MAX)
		return 0;
	return err_set(err, -EMSGSIZE, "frame of %u bytes on connection %u, of which NRI allows %u",
		       mux->left, mux->conn, MUX_PAYLOAD_MAX);
}

int mux_feed(struct mux *mux, const uint8_t *data, size_t len, mux_fn *fn, void *arg,
	     struct err *err)
{
	int r = 0;

	while (r == 0 && len > 0) {
		size_t n;

		if (mux->left) {
			n = len < mux->left ? len : mux->left;
			mux->left -= (uint32_t)n;
			r = fn(arg, mux->conn, data, n, err);
		} else {
			n = bytes_fill(mux->header, MUX_HEADER_LEN, &mux->header_len, data, len);
			if (mux->header_len == MUX_HEADER_LEN)
				r = begin_payload(mux, err);
		}
		data += n;
		len -= n;
	}
	return r;
}

bool mux_midway(const struct mux *mux)
{
	return mux->header_len || mux->left;
}

void mux_header(uint8_t to[MUX_HEADER_LEN], uint32_t conn, uint32_t payload_len)
{
	bytes_put_be32(to, conn);
	bytes_put_be32(to + 4, payload_len);
}
