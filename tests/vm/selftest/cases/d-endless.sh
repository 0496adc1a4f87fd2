#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a case without end
# kernels: 6.12
# timeout: 3
. "$(dirname "$0")/../../lib.sh"

sleep 1000
