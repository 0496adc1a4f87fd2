# shellcheck shell=bash disable=SC2016,SC2154
# about: kubectl delete leaves clean nodes, on which pods start and stop
# kernels: 6.12
clean() # N
{
	on_node "$1" '! ls /sys/fs/bpf/smc-cni /etc/cni/net.d/podnet /opt/cni/bin/smc-cni /run/smc-cni/state \
			/opt/cni/bin/.smc-cni.installed 2>/dev/null | grep . &&
		! ip -d link | grep -i smc && ! ip addr | grep 169.254.47.91 && ! ip rule | grep l3mdev &&
		! bpftool prog show | grep -i steer'
}
check "a steered pod that stays" talk_pod survivor '{"smc-cni.io/steer": "enabled"}' '["serve", "5000"]'
check "listens" eventually 120 pod_logged survivor 'listening protocol=256'
check "delete" kubectl delete -k "$TOP/tests/e2e/deploy" --timeout=540s
for n in $(nodes_running); do
	check "node n$n is clean" eventually 120 clean "$n"
done
check "a pod stops" remove_pods survivor
check "a pod starts, annotated or not" talk_pod after '{"smc-cni.io/steer": "enabled"}' '["serve", "5000"]'
check "on TCP" eventually 120 pod_logged after 'listening protocol=262'
remove_pods after
