#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a case that fails
# kernels: 6.12
# timeout: 60
. "$(dirname "$0")/../../lib.sh"

check "one is two" test 1 -eq 2
