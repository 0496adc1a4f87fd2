# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: docs/install.md to the letter, with Helm: install, a pod, upgrade, remove; nodes are clean
# kernels: 6.12
# nodes: 2
PATH=$("$TOP/tests/deploy/tools/build"):$PATH
ueid_is() { on_node 1 'smcctl status --json | jq -e ".node.ueids | tostring | test(\"$1\")"' "$1"; }

check "install" as_written Install 'helm install'
check "rolled out" kubectl -n smc-cni rollout status daemonset/smc-node-agent --timeout=900s
check "with its values" eventually 60 ueid_is RACK-7
check "a pod" talk_pod charted '{"smc-cni.io/steer": "enabled"}' '["serve", "5000"]'
check "its first socket is SMC" eventually 120 pod_logged charted 'listening protocol=256'
refute "a bad annotation is refused at apply" talk_pod wrong '{"smc-cni.io/steer": "yes"}' '[]'
check "an upgrade" helm upgrade smc-cni "$TOP/deploy" --namespace smc-cni \
	--reuse-values --set config.ueid=RACK-8
check "rolled out, too" kubectl -n smc-cni rollout status daemonset/smc-node-agent --timeout=900s
check "with its own" eventually 60 ueid_is RACK-8
check "the pod is as it was" pod_status_is charted .policy.in_force true
check "remove" as_written Remove 'helm uninstall'
for n in $(nodes_running); do
	check "node n$n is clean" node_clean "$n"
done
check "the pod still runs, its new sockets are TCP" eventually 10 pod_protocol_is charted 6
remove_pods charted
