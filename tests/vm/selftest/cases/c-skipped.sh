#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a case that does not apply
# kernels: 6.12
# timeout: 60
. "$(dirname "$0")/../../lib.sh"

skip "there is no reason"
