#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a case that leaves a device behind
# kernels: 6.12
# timeout: 60
. "$(dirname "$0")/../../lib.sh"

ip link add left0 type dummy
