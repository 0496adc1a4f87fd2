# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# An agent and pods that are only network namespaces with an address, for cases about the agent;
# after lib.sh.
#
#	agent_config [LINES]		writes agent.yaml; LINES are more of it
#	agent_start			and waits until it is ready; AGENT_PID
#	agent_end SIGNAL		it must end well (but for KILL)
#	pod_add ID [STEER]		a namespace, and the plugin's ADD, as a chained plugin
#	pod_del ID			the plugin's DEL, then the namespace goes
#	cni VERB ID [STEER]		the plugin alone
#	steered ID, unsteered ID	what a new socket of the pod is
#	status PATH			jq over smcctl status --json

DIR=/run/case
# shellcheck disable=SC2034 # used by cases
AGENT_LOG=$DIR/log
mkdir -p "$DIR/pods"
export PATH=$TOP/build/tests/vm/progs:$PATH

agent_config()
{
	cat > "$DIR/agent.yaml" <<-END
		nodeName: test
		podSource: {folder: $DIR/pods}
		logLevel: debug
		${1-}
	END
}

agent_ready() { [ "$(curl -s 'http://127.0.0.1:9810/readyz?for=pods')" = ok ]; }

agent_start()
{
	smc-node-agent --config "$DIR/agent.yaml" 2>> "$AGENT_LOG" &
	AGENT_PID=$!
	eventually 200 agent_ready || die "the agent is not ready: $(tail -n 5 "$AGENT_LOG")"
}

# Not for check(), whose command runs in a subshell, which cannot wait for it.
agent_end()
{
	local status=0
	kill "-$1" "$AGENT_PID"
	wait "$AGENT_PID" 2> /dev/null || status=$?
	[ "$1" = KILL ] || [ $status = 0 ] || die "the agent ended with status $status"
}

# Everything goes, whatever state the case is in.
agent_clean()
{
	kill -KILL "$AGENT_PID" 2> /dev/null
	wait "$AGENT_PID" 2> /dev/null
	ip -all netns del
	smc-node-agent --cleanup --config "$DIR/agent.yaml"
	rm -rf "$DIR"
}

cni() # VERB ID [STEER]
{
	local result='' annotations='{}' sandbox=/run/netns/$2
	[ "$1" = DEL ] || result=",\"prevResult\": {\"cniVersion\": \"1.0.0\",
		\"interfaces\": [{\"name\": \"eth0\", \"sandbox\": \"$sandbox\"}],
		\"ips\": [{\"address\": \"10.9.0.$(pod_number "$2")/24\", \"interface\": 0}]}"
	[ -z "${3-}" ] || annotations="{\"smc-cni.io/steer\": \"$3\"}"
	export CNI_COMMAND=$1 CNI_CONTAINERID=$2 CNI_IFNAME=eth0 CNI_PATH=/nowhere
	CNI_NETNS=${CNI_NETNS-$sandbox} \
		CNI_ARGS="IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${POD_NAME:-$2}" \
		smc-cni <<-END
			{"cniVersion": "1.0.0", "name": "net", "type": "smc-cni",
			 "agentTimeoutMs": ${AGENT_TIMEOUT:-30000},
			 "runtimeConfig": {"io.kubernetes.cri.pod-annotations":
			                   $annotations}$result}
		END
}

pod_number() { printf '%d' "0x$(printf '%s' "$1" | md5sum | cut -c1-2)"; }

pod_add() # ID [STEER]
{
	ip netns add "$1"
	ip -n "$1" link add eth0 type dummy
	cni ADD "$@"
}

pod_del() # ID
{
	cni DEL "$1"
	ip netns del "$1"
}

steered() { [ "$(protocol "$1")" = 256 ]; }
unsteered() { [ "$(protocol "$1")" = 6 ]; }
status() { smcctl status --json | jq -r "$1"; }
