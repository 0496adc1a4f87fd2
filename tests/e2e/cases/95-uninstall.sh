# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: the documented way out (docs/install.md) leaves clean nodes, on which pods start and stop
# kernels: 6.12 7.3
check "a steered pod that stays" \
	talk_pod survivor '{"smc-cni.io/steer": "enabled"}' '["serve", "5000"]'
check "listens" eventually 120 pod_logged survivor 'listening protocol=256'
check "each agent is replaced by its clean-up" kubectl apply -k "$TOP/deploy/uninstall"
check "which is Ready when its node is clean" \
	kubectl -n smc-cni rollout status daemonset/smc-node-agent --timeout=900s
for n in $(nodes_running); do
	check "node n$n is clean" node_clean "$n"
done
check "delete" kubectl delete -k "$TOP/deploy/base" --timeout=540s
for n in $(nodes_running); do
	check "node n$n still is" node_clean "$n"
done
check "a pod stops" remove_pods survivor
check "a pod starts, annotated or not" \
	talk_pod after '{"smc-cni.io/steer": "enabled"}' '["serve", "5000"]'
check "on TCP" eventually 120 pod_logged after 'listening protocol=262'
remove_pods after
