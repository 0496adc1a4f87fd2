# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2016,SC2154
# about: a pod with users of its own (hostUsers: false) is steered from its first socket
# kernels: 6.12
manifest=$(talk_manifest own-users '{"smc-cni.io/steer": "enabled"}' '["serve", "5048"]' |
	jq '.spec.hostUsers = false')
# In the host's user namespace root is 0 there, too.
maps_root() { on_node 1 'read -r inside outside _ < "/proc/$(pgrep -xf "/talk serve 5048")/uid_map"
	echo "$inside is $outside"; [ "$inside" = 0 ] && [ "$outside" -gt 0 ]'; }

check "a pod" kubectl apply -f - <<< "$manifest"
check "its listener is an SMC socket" eventually 120 pod_logged own-users 'listening protocol=256'
check "its root is not the node's" maps_root
check "status says so" pod_status_is own-users .policy.in_force true
check "a client" caller_pod knocks '{"smc-cni.io/steer": "enabled"}' \
	"$(pod_ip own-users):5048" 2 1000 10
check "ends well" eventually 120 pod_is knocks Succeeded
transport=$(on_node 1 'if [ -d /sys/class/infiniband/rxe0 ]; then echo smcr; else echo smcd; fi')
check "over $transport" pod_status_is own-users ".$transport.server" 2
remove_pods own-users knocks
