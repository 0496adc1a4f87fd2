# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: kubectl describe pod says since when it is steered, or why it is not and what is allowed
# kernels: 6.12
described() { kubectl describe pod "$1" | grep "$2" | grep -q -- "$3"; } # POD REASON TEXT

step "steered from its first socket"
check "an annotated pod" talk_pod early '{"smc-cni.io/steer": "enabled"}' '["serve", "5000"]'
check "is told so" eventually 180 described early SMCSteered 'from its first one on'

step "steered later"
check "a pod with a listener" talk_pod late '{}' '["serve", "5000"]'
check "listens" eventually 180 pod_logged late 'listening protocol=262'
check "is annotated" kubectl annotate pod late smc-cni.io/steer=enabled
check "is told that its listener stays TCP" \
	eventually 180 described late SMCSteered '1 listener opened before stays TCP'

step "a value that this node does not allow"
check "a pod" talk_pod wrong \
	'{"smc-cni.io/steer": "enabled", "smc-cni.io/pnet-id": "OTHER"}' '["serve", "5000"]'
check "is told what is allowed" eventually 180 \
	described wrong SMCInvalidAnnotation "got 'OTHER', allowed: E2E"
check "and runs on TCP" eventually 180 pod_logged wrong 'listening protocol=262'
refute "and is not called steered" described wrong SMCSteered .
remove_pods early late wrong
