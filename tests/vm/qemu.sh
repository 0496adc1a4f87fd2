# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034,SC2054,SC2154
# How a guest is started; sourced by run, shell and kernel.
#
# The processor is emulated everywhere: nested KVM is missing or broken on many machines (CI
# runners, small VMs), and a guest that behaves the same everywhere is worth more than a fast one.

# One processor unless more are asked for: Linux 6.12 has jump labels and patches code that another
# processor may be running, which QEMU 7.2 gets wrong now and then ("Oops: int3",
# docs/kernel-notes.md). Attaching a BPF program does it, and so does anything that starts.

# Quick under emulation, and no clock check that a busy host makes the guest fail. QEMU translates
# code for the address that it is mapped at: with random ones each program that starts has its
# libraries translated again, which took two thirds of the time of a shell script.
guest_parameters='mitigations=off nokaslr norandmaps init_on_alloc=0 hardened_usercopy=off'
guest_parameters+=' random.trust_cpu=on no_timer_check tsc=reliable'
# 57-bit addresses are a level of page tables more; "erms" says that copying byte by byte is quick.
guest_cpu='max,la57=off,erms=off'

# initramfs_of KERNEL_DIR: the file name of the initramfs that fits this tree's stage1.
initramfs_of()
{
	printf '%s/initramfs-%s.gz\n' "$1" "$(sha256sum < "$top/tests/vm/stage1" | cut -c1-12)"
}

# qemu_args KERNEL_DIR CONTROL_DIR MEMORY_MB LINK [USER [CPUS [PARAMETERS]]]: sets the array
# qemu_args; the caller adds the serial port. LINK is '' (no network card) or FOLDER/ID, ID being 1
# or 2: the two guests that name one FOLDER are joined by a cable, through sockets there. USER, if
# not empty: a card of QEMU's user network. PARAMETERS: more of the kernel's command line.
qemu_args()
{
	local dir=$1 control=$2 memory=$3 link=$4 segment id sockets
	qemu_args=(
		qemu-system-x86_64 -machine q35 -accel tcg,thread=multi -cpu "$guest_cpu"
		-smp "${6:-1}" -m "$memory" -nodefaults -no-user-config -display none -no-reboot
		-device virtio-rng-pci
		-kernel "$dir/vmlinuz" -initrd "$(initramfs_of "$dir")"
		-append "console=ttyS0 loglevel=5 panic=-1 $guest_parameters ${7-}"
		-virtfs local,path=/,mount_tag=host,security_model=none,readonly=on,multidevs=remap
		-virtfs
		"local,path=${control//,/,,},mount_tag=vm,security_model=none,multidevs=remap"
	)
	if [ -n "$link" ]; then
		segment=${link%/*} id=${link##*/}
		rm -f "$segment/$id"
		sockets=local.type=unix,local.path=$segment/$id
		sockets+=,remote.type=unix,remote.path=$segment/$((3 - id))
		qemu_args+=(
			-netdev "dgram,id=n0,$sockets"
			-device "virtio-net-pci,netdev=n0,romfile=,mac=52:54:00:00:47:0$id"
		)
	fi
	[ -z "${5-}" ] || qemu_args+=(
		-netdev user,id=u0 -device virtio-net-pci,netdev=u0,romfile=,mac=52:54:00:00:02:01
	)
}
