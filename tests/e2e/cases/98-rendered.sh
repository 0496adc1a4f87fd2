# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: of a rendered and applied chart, the clean-up waits beside the agents until they go
# kernels: 6.12
PATH=$("$TOP/tests/deploy/tools/build"):$PATH
rendered() # VERB...: what knows no hooks has them all
{
	helm template smc-cni "$TOP/deploy" --namespace smc-cni --set image.pullPolicy=Never |
		kubectl "$@" -f -
}
make_namespace()
{
	kubectl create namespace smc-cni &&
		kubectl label namespace smc-cni pod-security.kubernetes.io/enforce=privileged
}
pod_of() # COMPONENT
{
	kubectl -n smc-cni get pods -o name --field-selector spec.nodeName=n1 \
		-l "app.kubernetes.io/component=$1"
}
# Of the container on node n1, from the file, as there is no kubelet port.
cleanup_said()
{
	on_node 1 'cat /var/log/pods/smc-cni_smc-cni-cleanup-*/agent/*.log | grep -c -- "$1"' "$1"
}
cleanup_waits() { cleanup_said 'nothing is cleaned up until it is gone'; }
cleanup_ready()
{
	local path='{.status.numberReady}'
	[ "$(kubectl -n smc-cni get daemonset smc-cni-cleanup -o "jsonpath=$path")" = "$1" ]
}

check "a namespace" make_namespace
check "render and apply" rendered apply
check "the agents are rolled out" \
	kubectl -n smc-cni rollout status daemonset/smc-node-agent --timeout=900s
check "a pod" talk_pod rendered '{"smc-cni.io/steer": "enabled"}' '["serve", "5000"]'
check "its first socket is SMC" eventually 120 pod_logged rendered 'listening protocol=256'
check "the clean-up runs, and waits" eventually 120 cleanup_waits
check "it is not Ready" cleanup_ready 0

# A clean-up that begins anew asks at once, while no agent is there to hold the lock.
check "the clean-up begins anew, and the agents restart" \
	kubectl -n smc-cni delete "$(pod_of cleanup)" "$(pod_of agent)"
check "they are rolled out" \
	kubectl -n smc-cni rollout status daemonset/smc-node-agent --timeout=900s
check "the clean-up waits again" eventually 120 cleanup_waits
check "the pod is as it was" pod_status_is rendered .policy.in_force true
check "its new sockets are SMC" eventually 10 pod_protocol_is rendered 256
check "the clean-up is still not Ready" cleanup_ready 0

check "the agents' DaemonSet goes" kubectl -n smc-cni delete daemonset smc-node-agent --timeout=540s
check "the clean-up is Ready when the node is clean" \
	kubectl -n smc-cni rollout status daemonset/smc-cni-cleanup --timeout=900s
for n in $(nodes_running); do
	check "node n$n is clean" node_clean "$n"
done
check "the pod still runs, its new sockets are TCP" eventually 10 pod_protocol_is rendered 6
remove_pods rendered
check "the rest goes" rendered delete --ignore-not-found --timeout=540s
check "and the namespace" kubectl delete namespace smc-cni --timeout=540s
