# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# For the checks of this folder, sourced first. check "sentence" COMMAND... prints PASS or FAIL and
# goes on; at the end "N passed, N failed" is printed. Sets TOP, and WORK: a folder that goes away.
set -uo pipefail

# shellcheck disable=SC2034 # used by the checks
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
WORK=$(mktemp -d)
passed=0 failed=0

check() {
	local sentence=$1 output
	shift
	if output=$("$@" 2>&1); then
		echo "PASS $sentence"
		passed=$((passed + 1))
	else
		echo "FAIL $sentence ($*)"
		printf '%s\n' "$output" | tail -n 30 | sed 's/^/    /'
		failed=$((failed + 1))
	fi
}

# shellcheck disable=SC2317 # called by the trap
finish() {
	local status=$?
	rm -rf "$WORK"
	if [ "$status" -ne 0 ]; then
		echo "FAIL the checks end early, with status $status"
		failed=$((failed + 1))
	fi
	echo "$passed passed, $failed failed"
	[ "$failed" -eq 0 ] || exit 1
}
trap finish EXIT
