/* SPDX-License-Identifier: Apache-2.0 */
/* Kind dummy: an interface that leads nowhere, for tests. */
#include "cni-plugin/podlink.h"

static const struct podlink dummy = { .kind = "dummy" };

static int make(struct kind_work *w, struct err *err)
{
	return podlink_make(w, &dummy, err);
}

static int check(struct kind_work *w, const json_t *result, struct err *err)
{
	(void)result;
	return podlink_check(w, &dummy, err);
}

static int del(struct kind_work *w, struct err *err)
{
	return podlink_del(w, err);
}

const struct kind kind_dummy = { .make = make, .check = check, .del = del };
