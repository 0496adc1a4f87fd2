# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # work, tools: the caller's
# A control plane on this machine's loopback: etcd, API server, controller-manager, scheduler.
# Sourced by run. Everything it writes is below $work; nodes reach it as 10.0.2.2 (QEMU's user
# network).
#
#	control_plane_start		all four; returns when the API server is ready
#	control_plane_stop		ends them
#	api_server_start, api_server_stop	for cases; with a name also a second one
#	etcd_moves_on			writes to etcd behind the API server's back: its revision
#					grows
#	service_account_key		another key signs and checks service account tokens from the
#					next start on
#	kubeconfig_for TOKEN SERVER	a kubeconfig on stdout
#
# Sets api_port. The tokens of $work/tokens are the users.

pki=$work/pki
# daemon NAME COMMAND...: in the background, its output in $work/NAME.log. Its pid is in a file,
# since cases, which stop and start the API server, are subshells.
daemon()
{
	local name=$1
	shift
	"$@" < /dev/null >> "$work/$name.log" 2>&1 &
	echo $! > "$work/$name.pid"
	disown # that a case killed it is no news
}

daemon_signal() { kill "-$2" "$(cat "$work/$1.pid")"; } # NAME SIGNAL

daemon_stop() # NAME: returns when it has ended
{
	local pid deadline=$((SECONDS + 60)) # it may hang
	pid=$(cat "$work/$1.pid" 2> /dev/null) || return 0
	rm -f "$work/$1.pid"
	kill "$pid" 2> /dev/null || return 0
	kill -CONT "$pid" 2> /dev/null || :
	while kill -0 "$pid" 2> /dev/null; do
		[ $SECONDS -lt $deadline ] || kill -9 "$pid" 2> /dev/null || :
		sleep 0.2
	done
}

# A CA, and the API server's certificate for all the names that it has.
make_pki()
{
	mkdir -p "$pki"
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 \
		-subj /CN=e2e-ca \
		-keyout "$pki/ca.key" -out "$pki/ca.crt" 2> /dev/null
	openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=kube-apiserver \
		-keyout "$pki/api.key" -out "$pki/api.csr" 2> /dev/null
	openssl x509 -req -in "$pki/api.csr" -CA "$pki/ca.crt" -CAkey "$pki/ca.key" \
		-CAcreateserial \
		-days 30 -out "$pki/api.crt" -extfile <(printf 'subjectAltName=%s' \
		'IP:127.0.0.1,IP:10.0.2.2,IP:10.96.0.1,DNS:kubernetes.default.svc') 2> /dev/null
	service_account_key
}

service_account_key()
{
	openssl genrsa -out "$pki/sa.key" 2048 2> /dev/null
	openssl rsa -in "$pki/sa.key" -pubout -out "$pki/sa.pub" 2> /dev/null
}

make_tokens()
{
	cat > "$work/tokens" <<-END
		admin-token,admin,1,system:masters
		controller-token,system:kube-controller-manager,2,
		scheduler-token,system:kube-scheduler,3,
		node-n1-token,system:node:n1,4,system:nodes
		node-n2-token,system:node:n2,5,system:nodes
	END
}

kubeconfig_for() # TOKEN SERVER
{
	cat <<-END
		apiVersion: v1
		kind: Config
		clusters: [{name: e2e, cluster: {server: "$2",
		  certificate-authority-data: $(base64 -w0 < "$pki/ca.crt")}}]
		users: [{name: me, user: {token: $1}}]
		contexts: [{name: e2e, context: {cluster: e2e, user: me}}]
		current-context: e2e
	END
}

# free_port VARIABLE: one that nobody listens on, below the range of outgoing connections.
free_port()
{
	local candidate
	while :; do
		candidate=$((20000 + RANDOM % 10000))
		if ! (: > "/dev/tcp/127.0.0.1/$candidate") 2> /dev/null; then
			printf -v "$1" %s "$candidate"
			return
		fi
	done
}

api_server_start() # [NAME PORT]: NAME is for a second one
{
	local port=${2:-$api_port}
	daemon "${1:-kube-apiserver}" "$tools/kube-apiserver" \
		--etcd-servers "http://127.0.0.1:$etcd_port" \
		--bind-address 127.0.0.1 --secure-port "$port" --authorization-mode Node,RBAC \
		--enable-admission-plugins NodeRestriction --token-auth-file "$work/tokens" \
		--tls-cert-file "$pki/api.crt" --tls-private-key-file "$pki/api.key" \
		--service-cluster-ip-range 10.96.0.0/16 --endpoint-reconciler-type none \
		--service-account-issuer https://kubernetes.default.svc \
		--service-account-key-file "$pki/sa.pub" \
			--service-account-signing-key-file "$pki/sa.key" \
		--allow-privileged=true --watch-cache=true --profiling=false
	eventually 300 kubectl --server "https://127.0.0.1:$port" get --raw /readyz
}

api_server_stop() { daemon_stop "${1:-kube-apiserver}"; }

etcd_moves_on()
{
	local n
	for n in 1 2 3; do
		curl -sSf "http://127.0.0.1:$etcd_port/v3/kv/put" -o /dev/null \
			-d "{\"key\": \"$(printf e2e | base64)\",
				\"value\": \"$(printf %s "$n" | base64)\"}"
	done
}

control_plane_start()
{
	local peer_port
	make_pki
	make_tokens
	free_port etcd_port
	free_port peer_port
	free_port api_port
	kubeconfig_for admin-token "https://127.0.0.1:$api_port" > "$work/kubeconfig"
	kubeconfig_for controller-token "https://127.0.0.1:$api_port" \
		> "$work/controller.kubeconfig"
	kubeconfig_for scheduler-token "https://127.0.0.1:$api_port" > "$work/scheduler.kubeconfig"
	export KUBECONFIG=$work/kubeconfig
	daemon etcd "$tools/etcd" --data-dir "$work/etcd" --unsafe-no-fsync --log-level warn \
		--listen-client-urls "http://127.0.0.1:$etcd_port" \
		--advertise-client-urls "http://127.0.0.1:$etcd_port" \
		--listen-peer-urls "http://127.0.0.1:$peer_port"
	api_server_start kube-apiserver "$api_port"
	daemon kube-controller-manager "$tools/kube-controller-manager" \
		--kubeconfig "$work/controller.kubeconfig" --use-service-account-credentials \
		--service-account-private-key-file "$pki/sa.key" --root-ca-file "$pki/ca.crt" \
		--leader-elect=false --bind-address 127.0.0.1 --secure-port 0 \
		--controllers '*,-node-ipam-controller' --node-monitor-grace-period 10m
	daemon kube-scheduler "$tools/kube-scheduler" --kubeconfig "$work/scheduler.kubeconfig" \
		--leader-elect=false --bind-address 127.0.0.1 --secure-port 0
	eventually 300 kubectl -n default get serviceaccount default
}

control_plane_stop()
{
	local name file
	for name in kube-scheduler kube-controller-manager kube-apiserver etcd; do
		daemon_stop "$name"
	done
	for file in "$work"/*.pid; do
		[ ! -e "$file" ] || daemon_stop "$(basename "$file" .pid)"
	done
}
