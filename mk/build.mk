# SPDX-License-Identifier: Apache-2.0
# From sources to archives, skeletons and programs.

# ARCH=arm64 or s390x cross-builds, with Debian's cross compiler and, in a folder, that machine's
# libraries (make deps ARCH=). BPF objects have the byte order of the machine that loads them;
# bpftool before 7.6 reads no other than its own, so that machine's is run.
TRIPLET_amd64 := x86_64-linux-gnu
TRIPLET_arm64 := aarch64-linux-gnu
TRIPLET_s390x := s390x-linux-gnu
TRIPLET       := $(or $(TRIPLET_$(ARCH)),$(error ARCH: got '$(ARCH)', allowed: amd64, arm64, s390x))
BPF_TARGET    := $(if $(filter s390x,$(ARCH)),bpfeb,bpfel)

SYSROOT       := $(if $(CROSS),build/sysroot/$(ARCH))
EMULATE       := $(if $(CROSS),qemu-$(firstword $(subst -, ,$(TRIPLET)))-static -L $(SYSROOT))

CC       ?= cc
ifeq ($(origin CC),default)
CC       := $(if $(CROSS),$(TRIPLET)-gcc --sysroot=$(SYSROOT),gcc)
endif
CLANG    ?= clang
BPFTOOL  ?= $(if $(CROSS),$(EMULATE) $(SYSROOT)/usr/sbin/bpftool,$\
               $(firstword $(wildcard /usr/sbin/bpftool) bpftool))

WARN     := -Wall -Wextra -Wshadow -Wcast-qual -Wstrict-prototypes -Wmissing-prototypes -Wvla \
            -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wundef -Wformat=2
CPPFLAGS := -D_GNU_SOURCE -DSMC_CNI_VERSION='"$(VERSION)"' -iquote . -isystem $(K) -isystem $(P) \
            -isystem $(SYSROOT)/usr/include/libnl3 $(if $(filter 1,$(FAULT)),-DSMC_FAULT)
CFLAGS   ?= -O2 -g
CFLAGS_  := -std=gnu11 $(WARN) $(if $(filter 1,$(WERROR)),-Werror) -pthread \
            -fno-strict-aliasing -ffunction-sections -fdata-sections -fno-common \
            $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer,\
            -D_FORTIFY_SOURCE=2 -fstack-protector-strong)
LDFLAGS_ := -pthread -Wl,--gc-sections -Wl,--as-needed $(if $(SAN),-fsanitize=$(SAN))

# Folder, with the rooms below it -> program. Archives are named after the folder.
PROGS          := cni-plugin node-agent smcctl perf
BIN_cni-plugin := smc-cni
BIN_node-agent := smc-node-agent
BIN_smcctl     := smcctl
BIN_perf       := smc-perf

LIBS_nl         := -lnl-route-3 -lnl-genl-3 -lnl-3
LIBS_cni-plugin := -ljansson $(LIBS_nl)
LIBS_node-agent := -lbpf -lyaml -ljansson -lmicrohttpd -lcurl -lprotobuf-c $(LIBS_nl)
LIBS_smcctl     := -ljansson $(LIBS_nl)
LIBS_perf       := -ljansson -lm $(LIBS_nl)
# The plugin runs on the host's libc, whatever that is: static (sanitizers cannot be). With musl if
# its libraries are there, else with glibc (docs/performance.md).
MUSL_LIBS   := $(if $(SAN)$(CROSS),,$(shell packaging/static-libs -c 2>/dev/null))
PLUGIN_LIBC ?= $(if $(MUSL_LIBS),musl,glibc)
LIBC_ASKED  := $(if $(filter file,$(origin PLUGIN_LIBC)),,$(PLUGIN_LIBC))
MUSL        := $(if $(SAN),,$(filter musl,$(PLUGIN_LIBC)))
$(if $(filter-out glibc musl,$(PLUGIN_LIBC)),\
	$(error PLUGIN_LIBC: got '$(PLUGIN_LIBC)', allowed: glibc, musl))
# The flavour: what programs are made of, in obj and lib by gcc for this machine; in musl for the
# plugin.
FLAVOUR_cni-plugin := $(MUSL)
CC_musl        = $(if $(MUSL_LIBS),musl-gcc,$(error PLUGIN_LIBC=musl: its libraries for this \
                  machine are not in the cache ('make deps' makes them), and there are none for \
                  another))
CPPFLAGS_musl := $(patsubst /usr/include/libnl3,$(MUSL_LIBS)/include,$(CPPFLAGS))
LIBS_musl     := -L$(MUSL_LIBS)/lib -ljansson -lnl-genl-3 -lnl-3
# What libnl could look up by name service or scan, the plugin never asks it to: an abort in its
# place keeps glibc's resolver, NSS and scanf out of the program (a fifth of it, and the linker's
# warnings). Our own code may not call what is left out: the check says so.
UNUSED_cni-plugin  := getaddrinfo freeaddrinfo gai_strerror getnameinfo getprotobyname \
                      getprotobynumber $(foreach f,sscanf fscanf,$(f) __isoc99_$(f) __isoc23_$(f))
LDFLAGS_cni-plugin := $(if $(SAN),,-static -Wl,-z,noseparate-code \
                      $(if $(MUSL),,$(UNUSED_cni-plugin:%=-Wl,--defsym=%=abort)))
define check_cni-plugin
	$(if $(MUSL)$(LIBC_ASKED)$(SAN)$(CROSS),,@echo "$@: with glibc, bigger and slower to \
		start, as the libraries for musl are not in the cache ('make deps' makes them)" >&2)
	$(Q)! nm -u $(filter %.o %.a,$^) | \
		grep -wE '$(subst $() ,|,$(strip $(UNUSED_cni-plugin)))' || \
		{ echo "$@: our code calls what UNUSED_cni-plugin of mk/build.mk leaves out" >&2; \
		  exit 1; }
endef
# It is read from disk for each pod: small beats fast. Tables for unwinding are debug information.
CFLAGS_cni-plugin   = $(CFLAGS:-O2=-Os) -fno-asynchronous-unwind-tables
CFLAGS_common       = $(CFLAGS_cni-plugin)

# $(call objects,FOLDER,FLAVOUR) and so on
objects  = $(patsubst %.c,$(B)/$(or $(2),obj)/%.o,\
             $(filter-out %/main.c %.bpf.c,$(wildcard $(1)/*.c $(1)/*/*.c))) \
           $(patsubst %.proto,$(B)/$(or $(2),obj)/%.pb-c.o,$(wildcard $(1)/*/*.proto))
archive  = $(B)/$(or $(2),lib)/lib$(1).a
BUILT   := $(patsubst %/main.c,%,$(wildcard $(PROGS:%=%/main.c)))
ARCHIVES := $(foreach d,$(PROGS) common,$(call archive,$(d)))
PRELOAD := $(B)/lib/libsmc-preload.so
# Headers that are generated: of BPF programs, and of what others call messages (protobuf).
SKELS   := $(patsubst bpf/%.bpf.c,$(K)/%.skel.h,$(wildcard bpf/*.bpf.c)) \
           $(patsubst %.proto,$(P)/%.pb-c.h,$(wildcard */*/*.proto))

all: $(ARCHIVES) $(SKELS) $(foreach d,$(BUILT),$(B)/bin/$(BIN_$(d))) $(PRELOAD)

# --- objects; a changed flag rebuilds them, and so does a header (-MD)
define compile
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(1) $(CFLAGS_) $(or $(CFLAGS_$(firstword $(subst /, ,$*))),$(CFLAGS)) \
		-MD -MP -c -o $@ $<
endef
$(B)/obj/%.o: %.c $(B)/flags | $(SKELS)
	$(call compile,$(CC) $(CPPFLAGS))
$(B)/musl/%.o: %.c $(B)/musl/flags
	$(call compile,$(CC_musl) $(CPPFLAGS_musl))

# Messages: C from .proto, the same for all flavours and machines. It is not ours to warn about.
$(P)/%.pb-c.c $(P)/%.pb-c.h: %.proto
	$(call say,PROTO)
	@mkdir -p $(P)
	$(Q)protoc-c --c_out=$(P) $<

$(B)/obj/%.pb-c.o: $(P)/%.pb-c.c $(B)/flags
	$(call say,CC)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(CFLAGS_) $(CFLAGS) -w -c -o $@ $<

# A file that changes only when its content does: $(1) is the content.
define keep
@mkdir -p $(@D); printf '%s\n' '$(subst ','\'',$(1))' | cmp -s - $@ || \
	printf '%s\n' '$(subst ','\'',$(1))' >$@
endef

$(B)/flags: FORCE
	$(call keep,$(CC) $(CPPFLAGS) $(CFLAGS_) $(CFLAGS) $(CFLAGS_cni-plugin))
$(B)/musl/flags: FORCE
	$(call keep,$(CC_musl) $(CPPFLAGS_musl) $(CFLAGS_) $(CFLAGS_cni-plugin))
$(B)/plugin-libc: FORCE
	$(call keep,$(or $(MUSL),glibc))

# --- archives; the list of members notices a file that went away
define archive_rules
$(call archive,$(1),$(2)).list: FORCE
	$$(call keep,$(call objects,$(1),$(2)))
$(call archive,$(1),$(2)): $(call objects,$(1),$(2)) $(call archive,$(1),$(2)).list
	$$(call say,AR)
	$$(Q)rm -f $$@ && ar rcsD $$@ $(call objects,$(1),$(2))
endef
$(foreach d,$(PROGS) common,$(eval $(call archive_rules,$(d),)))
$(foreach d,cni-plugin common,$(eval $(call archive_rules,$(d),musl)))

# --- programs
define program_rules
$(B)/bin/$(BIN_$(1)): $(B)/$(or $(2),obj)/$(1)/main.o $(call archive,$(1),$(2)) \
		$(call archive,common,$(2))
	$$(call say,LD)
	@mkdir -p $$(@D)
	$$(check_$(1))
	$$(Q)$$(CC$(2:%=_%)) $$(LDFLAGS_) $$(LDFLAGS_$(1)) -o $$@ $$(filter %.o %.a,$$^) \
		$$(LIBS_$(or $(2),$(1)))
endef
$(foreach d,$(BUILT),$(eval $(call program_rules,$(d),$(FLAVOUR_$(d)))))
$(B)/bin/smc-cni: $(B)/plugin-libc

# --- what LD_PRELOAD loads into foreign programs: no libc, no start-up code, no sanitizer, so that
# one file serves glibc and musl
PRELOAD_CFLAGS := -std=gnu11 -O2 -ffreestanding -fPIC -fvisibility=hidden -fno-stack-protector \
                  -fno-asynchronous-unwind-tables -U_FORTIFY_SOURCE
PRELOAD_LDFLAGS := -nostdlib -shared -Wl,-z,now,-z,relro,-z,noexecstack -Wl,--hash-style=both \
                   -Wl,-soname,libsmc-preload.so -Wl,--build-id=none -s

$(PRELOAD): preload/preload.c preload/choose.h $(B)/flags
	$(call say,LD)
	@mkdir -p $(@D)
	$(Q)$(CC) -iquote . $(WARN) $(if $(filter 1,$(WERROR)),-Werror) $(PRELOAD_CFLAGS) \
		$(PRELOAD_LDFLAGS) -o $@ $<

# --- the flavour with fault points, for tests; of this one's sanitizers
$(B)/fault/bin/%: FORCE | $(SKELS)
	$(Q)$(MAKE) FAULT=1 $@

# --- BPF: object, then skeleton. The same for every flavour of user space.
BPF_CPPFLAGS := -iquote . -isystem $(SYSROOT)/usr/include/$(TRIPLET)
BPF_CFLAGS   := -target $(BPF_TARGET) -mcpu=v3 -g -O2 -Wall -Wextra -Wno-unused-parameter \
                -ffile-prefix-map=$(CURDIR)=. \
                $(if $(filter 1,$(WERROR)),-Werror)

$(K)/flags: FORCE
	$(call keep,$(CLANG) $(BPF_CPPFLAGS) $(BPF_CFLAGS))

$(K)/%.bpf.o: bpf/%.bpf.c $(K)/flags
	$(call say,BPF)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CPPFLAGS) $(BPF_CFLAGS) -MD -MP -c -o $@ $<

$(K)/%.skel.h: $(K)/%.bpf.o
	$(call say,SKEL)
	$(Q)$(BPFTOOL) gen skeleton $< name $(subst -,_,$*)_bpf >$@

.SECONDARY:
-include $(wildcard $(B)/musl/*/*.d $(B)/obj/*/*.d $(B)/obj/*/*/*.d \
           $(B)/obj/tests/*/*.d $(B)/obj/tests/*/*/*.d $(K)/*.d \
           build/tests/vm/progs/*.d)
