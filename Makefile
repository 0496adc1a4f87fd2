# SPDX-License-Identifier: Apache-2.0
# SMC for the unmodified TCP programs of a pod: the build, in one make.
#
# Sources are found by wildcard, one folder a piece, so that a new file needs no change here:
#   common/*.c          -> build/lib/libcommon.a     bpf/x.bpf.c -> build/bpf/x.skel.h
#   PROGRAM/*.c         -> build/lib/libPROGRAM.a (without main.c) and build/bin/NAME
#   PROGRAM/ROOM/*.proto -> build/proto/.../*.pb-c.[ch], in the same archive
#   tests/{unit,program}/test_*.c -> build/tests/{unit,program}/*
#   tests/fuzz/fuzz_*.c -> build/san-.../fuzz/*
# A program is built once its folder has a main.c. What make does is in mk/: build, test, lint.

VERSION      := 0.1.0
V            ?= 0
WERROR       ?= 0
STRICT       ?= 0
KERNEL       ?= 6.12
SAN          ?=
FAULT        ?=
DESTDIR      ?=
PREFIX       ?= /usr/local
CNI_BIN_DIR  ?= /opt/cni/bin
FUZZ_SECONDS ?= 10
MUTANTS      ?= native
HOST_ARCH    := $(patsubst x86_64,amd64,$(patsubst aarch64,arm64,$(shell uname -m)))
ARCH         ?= $(HOST_ARCH)
IMAGE        ?= localhost/smc-cni:$(VERSION)

# Each flavour has a build folder of its own; the plain one is build/ itself. BPF objects and
# skeletons are the same for every flavour of one architecture.
comma := ,
CROSS := $(filter-out $(HOST_ARCH),$(ARCH))
B     := build$(if $(CROSS),/$(ARCH))$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))
B     := $(B)$(if $(filter 1,$(FAULT)),/fault)
K     := build$(if $(CROSS),/$(ARCH))/bpf
P     := build/proto

export V STRICT
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
FORCE:
.PHONY: FORCE all deps help demo test test-all unit fuzz mutants lint image install clean vm-shell

# What starts another make uses all cores, unless it was told how many.
PARALLEL = $(if $(findstring -j,$(MAKEFLAGS)),,-j$(shell nproc))

# $(call say,WHAT): the short line of a recipe; $(Q) hides the command itself.
Q    := $(if $(filter 1,$(V)),,@)
say   = @$(if $(filter 1,$(V)),:,printf '  %-8s %s\n' $(1) $@)

all: ## build everything (the default)

include mk/build.mk
include mk/test.mk
include mk/lint.mk
include mk/image.mk

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' \
		$(MAKEFILE_LIST)
	@echo
	@echo '  V=1 shows commands        SAN=address,undefined builds with sanitizers, apart'
	@echo '  FAULT=1 builds with fault points, apart: see common/fault.h'
	@echo '  WERROR=1 warnings fail    STRICT=1 skipped tests fail'
	@echo '  KERNEL=6.12|7.3           for demo and vm-shell'
	@echo '  E2E=all|short             for test-e2e and test-all'
	@echo '  PLUGIN_LIBC=musl|glibc    for the plugin: musl if `make deps` could make its' \
		'libraries'
	@echo '  MUTANTS=native|all|NAME   FUZZ_SECONDS=10, for each target'
	@echo '  ARCH=amd64|arm64|s390x    IMAGE=localhost/smc-cni:$(VERSION), for image'
	@echo '  PREFIX=/usr/local DESTDIR= CNI_BIN_DIR=/opt/cni/bin, for install'

# Without the libraries the plugin is linked with glibc: no reason to stop, unless it was asked for.
deps: ## install the Debian packages that are missing (as root; ARCH= adds what a cross build needs)
	@packaging/deps packaging/deps.txt
	$(if $(CROSS),@echo gcc-$(subst _,-,$(TRIPLET)) qemu-user-static | \
		packaging/deps /dev/stdin)
	$(if $(CROSS),@packaging/sysroot $(ARCH) packaging/deps.txt $(SYSROOT))
	@[ '$(LIBC_ASKED)' = glibc ] || packaging/static-libs >/dev/null || \
		{ [ '$(LIBC_ASKED)' != musl ] && echo 'deps: the libraries for musl cannot be' \
			'made: the plugin will be linked with glibc' >&2; }

demo: ## one pod on SMC, its neighbour on TCP, in a VM (KERNEL=6.12|7.3)
	@$(MAKE) deps
	@$(MAKE) $(PARALLEL) all
	@tests/demo/run $(KERNEL)

vm-shell: ## a shell in the test machine (KERNEL=6.12|7.3)
	@tests/vm/shell $(KERNEL)

# Without debugging information: build/bin keeps it, and the build id says which belongs to which.
INSTALL = install -D -s --strip-program=$(if $(CROSS),$(TRIPLET)-)strip
install: all ## install programs and man pages below DESTDIR
	$(if $(wildcard $(B)/bin/smc-cni),$(INSTALL) -m 755 $(B)/bin/smc-cni \
		$(DESTDIR)$(CNI_BIN_DIR)/smc-cni)
	$(if $(wildcard $(B)/bin/smc-node-agent),$(INSTALL) -m 755 $(B)/bin/smc-node-agent \
		$(DESTDIR)$(PREFIX)/sbin/smc-node-agent)
	$(if $(wildcard $(B)/bin/smcctl),$(INSTALL) -m 755 $(B)/bin/smcctl \
		$(DESTDIR)$(PREFIX)/bin/smcctl)
	$(if $(wildcard $(B)/bin/smc-perf),$(INSTALL) -m 755 $(B)/bin/smc-perf \
		$(DESTDIR)$(PREFIX)/bin/smc-perf)
	$(if $(wildcard $(PRELOAD)),install -D -m 644 $(PRELOAD) \
		$(DESTDIR)$(PREFIX)/lib/smc-cni/libsmc-preload.so)
	$(foreach m,$(wildcard docs/man/*.[1-8]),install -D -m 644 $(m) \
		$(DESTDIR)$(PREFIX)/share/man/man$(subst .,,$(suffix $(m)))/$(notdir $(m));)

clean: ## remove what was built (cached kernels stay)
	rm -rf build
