/* SPDX-License-Identifier: Apache-2.0 */
/* The same program without a dynamic linker: what LD_PRELOAD could never reach. */
#include "tests/vm/progs/sockprobe.c" /* NOLINT(bugprone-suspicious-include) */
