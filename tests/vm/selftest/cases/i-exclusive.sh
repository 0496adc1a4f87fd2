#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a case that needs a guest of its own
# kernels: 6.12
# timeout: 60
# exclusive: yes
. "$(dirname "$0")/../../lib.sh"

refute "no other case has run here" grep -q 'case [a-h]-.* begins' <(dmesg)
