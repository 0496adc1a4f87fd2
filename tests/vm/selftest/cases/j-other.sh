#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# about: a case for another kernel
# kernels: 7.3
# timeout: 60
. "$(dirname "$0")/../../lib.sh"

die "this is not 7.3"
