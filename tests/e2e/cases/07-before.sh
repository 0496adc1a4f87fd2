# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: an annotated pod on a node without an agent runs on TCP (12-adopted goes on with it)
# kernels: 6.12
check "an annotated pod" talk_pod before '{"smc-cni.io/steer": "enabled"}' '["serve", "5000"]'
check "runs on TCP, as Go asks for it" eventually 180 pod_logged before 'listening protocol=262'
