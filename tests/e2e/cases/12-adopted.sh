# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: a pod that ran before the agent came (07-before) is adopted: its new sockets are SMC
# kernels: 6.12

check "its next socket is SMC" eventually 120 pod_protocol_is before 256
check "status says that it is in force" pod_status_is before .policy.in_force true
check "and that its listener stays TCP" pod_status_is before '.policy.why | test("stay")' true
check "it is annotated otherwise" kubectl annotate --overwrite pod before smc-cni.io/steer=disabled
check "TCP again" eventually 120 pod_protocol_is before 6
remove_pods before
