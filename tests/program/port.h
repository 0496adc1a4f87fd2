/* SPDX-License-Identifier: Apache-2.0 */
/* A port of this machine for who will listen on it. */
#ifndef TESTS_PORT_H
#define TESTS_PORT_H

#include <stdint.h>

/* A TCP port of 127.0.0.1 that nobody else is given while this process lives: it stays bound. Who
 * listens on it sets SO_REUSEADDR. Fails the test. */
uint16_t port_reserve(void);

#endif
