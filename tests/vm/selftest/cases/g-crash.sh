#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a case that crashes the guest
# kernels: 6.12
# timeout: 60
. "$(dirname "$0")/../../lib.sh"

echo c > /proc/sysrq-trigger
sleep 100
