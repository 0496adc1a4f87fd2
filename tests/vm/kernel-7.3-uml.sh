# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2154 # shared with tests/vm/kernel
# Recipe of the kernel that is a process of this machine (ARCH=um): the source that kernel 7.3 has,
# with SMC, the dibs loopback and soft-RoCE built in. It needs no emulation, so that what is timed
# in it is worth something (tests/bench/native).
suite=trixie-backports
package_pattern='linux-source-7\.3'
recipe_inputs=("$here/kernel-7.3-uml.config")
boots_itself=yes

kernel_make()
{
	local deb=$1 out=$2 source=$tmp/source/linux-source-7.3 object=$tmp/object
	local log=$cache/kernel-7.3-uml.log
	say "unpacking"
	dpkg-deb -x "$deb" "$tmp/unpacked"
	mkdir "$tmp/source" "$object"
	tar -C "$tmp/source" -xf "$tmp/unpacked/usr/src/linux-source-7.3.tar.xz"
	rm -r "$tmp/unpacked"
	say "building (5 minutes on 2 idle cores; log: $log)"
	make -C "$source" ARCH=um O="$object" \
		KCONFIG_ALLCONFIG="$here/kernel-7.3-uml.config" allnoconfig > "$log" 2>&1 ||
		die "cannot configure the kernel; log: $log"
	make -C "$source" ARCH=um O="$object" -j"${JOBS:-$(nproc)}" linux >> "$log" 2>&1 ||
		die "cannot build the kernel; log: $log"
	make -s -C "$source" ARCH=um O="$object" kernelrelease > "$out/release"
	cp "$object/linux" "$object/.config" "$out/"
	mv "$out/.config" "$out/config"
	strip "$out/linux"
}
