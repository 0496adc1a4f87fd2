# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # shared with tests/vm/kernel
# Recipe of kernel 7.3: Debian's source package of trixie-backports, built with our own small
# config: SMC-D over the dibs loopback, smc_hs_ctrl, no TCP_ULP "smc", and everything built in (no
# modules).
suite=trixie-backports
package_pattern='linux-source-7\.3'
recipe_inputs=("$here/kernel-7.3-smc.config")

kernel_make()
{
	local deb=$1 out=$2 source=$tmp/source/linux-source-7.3 object=$tmp/object
	local log=$cache/kernel-7.3.log
	say "unpacking"
	dpkg-deb -x "$deb" "$tmp/unpacked"
	mkdir "$tmp/source" "$object"
	tar -C "$tmp/source" -xf "$tmp/unpacked/usr/src/linux-source-7.3.tar.xz"
	rm -r "$tmp/unpacked"
	say "building (10-15 minutes on 2 cores; log: $log)"
	make -C "$source" O="$object" KCONFIG_ALLCONFIG="$here/kernel-7.3-smc.config" allnoconfig \
		> "$log" 2>&1 || die "cannot configure the kernel; log: $log"
	make -C "$source" O="$object" -j"$(nproc)" bzImage 2>&1 | tee -a "$log" | progress \
		|| die "cannot build the kernel; log: $log"
	collect "$source" "$object" "$out"
}

# progress: a line after every 200 files that were compiled (about 2,900 in all).
progress()
{
	local line files=0
	while read -r line; do
		case $line in
		'CC '* | 'AS '*)
			files=$((files + 1))
			[ $((files % 200)) -ne 0 ] || say "$files files compiled"
			;;
		esac
	done
}

# collect SOURCE OBJECT OUT: takes what a guest needs out of a finished build.
collect()
{
	local release
	release=$(make -s -C "$1" O="$2" kernelrelease)
	mkdir -p "$3/lib/modules/$release"
	cp "$2/arch/x86/boot/bzImage" "$3/vmlinuz"
	cp "$2/.config" "$3/config"
	cp "$2/modules.builtin" "$2/modules.builtin.modinfo" "$3/lib/modules/$release/"
	: > "$3/lib/modules/$release/modules.order"
	depmod -b "$3" "$release"
	printf '%s\n' "$release" > "$3/release"
}
