#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a case that comes after a crash
# kernels: 6.12
# timeout: 60
. "$(dirname "$0")/../../lib.sh"

refute "the device of another case is gone" ip link show left0
