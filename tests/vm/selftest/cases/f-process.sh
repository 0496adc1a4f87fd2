#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a case that leaves a process behind
# kernels: 6.12
# timeout: 60
. "$(dirname "$0")/../../lib.sh"

setsid sleep 4711 < /dev/null > /dev/null 2>&1 &
