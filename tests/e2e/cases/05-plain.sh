# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: the cluster itself works: a pod runs, has an address, and ends
# kernels: 6.12 7.3
check "a pod" talk_pod plain '{}' '["serve", "5000"]'
check "runs" eventually 180 pod_is plain Running
check "on TCP, as Go asks for it" eventually 60 pod_logged plain 'listening protocol=262'
remove_pods plain
