# SPDX-License-Identifier: Apache-2.0
# Static checks: a stamp a file, so that only what changed is checked again. All findings fail.

L           := build/lint
LINT_DIRS   := common $(PROGS) preload
LINT_C      := $(filter-out %.bpf.c,$(wildcard $(LINT_DIRS:%=%/*.c) $(LINT_DIRS:%=%/*/*.c) \
               tests/*/*.c tests/*/*/*.c))
LINT_H      := $(wildcard $(LINT_DIRS:%=%/*.h) $(LINT_DIRS:%=%/*/*.h) tests/*/*.h)
LINT_BPF    := $(wildcard bpf/*.bpf.c)
LINT_FLAGS   = $(CPPFLAGS) -std=gnu11 -fno-strict-aliasing $(WARN) -Werror
# cppcheck, like clang-tidy, does not know cleanup attributes: what they free is no leak. Taking the
# address of an uninitialised variable is no use of it.
CPPCHECK    := cppcheck --quiet --std=c11 --error-exitcode=1 --inline-suppr -I. \
               --enable=warning,portability,performance --suppress=memleak --suppress=resourceLeak \
               --suppress=varFuncNullUB --suppress=uninitvar \
               '-DLIBBPF_OPTS(type,name,...)=struct type name' \
               '-DLIST_HEAD(name,type)=struct { struct type *lh_first; }' \
               '-DLIST_ENTRY(type)=struct { struct type *le_next; }' \
               '-DTAILQ_HEAD(name,type)=struct { struct type *tqh_first; }' \
               '-DTAILQ_ENTRY(type)=struct { struct type *tqe_next; }' \
               '-DLIST_FOREACH(var,head,field)=for (var = 0; var;)' \
               '-DTAILQ_FOREACH(var,head,field)=for (var = 0; var;)'

# Scripts are known by their first line, wherever they are (or by .sh, when they are sourced).
SHEBANG     := ^\#! ?\/(usr\/)?bin\/(env )?(ba|da|busybox )?sh
ifneq ($(filter lint%,$(MAKECMDGOALS)),)
TRACKED     := $(wildcard $(shell git ls-files -co --exclude-standard --deduplicate))
SCRIPTS     := $(shell awk 'FNR == 1 && /$(SHEBANG)/ { print FILENAME } { nextfile }' $(TRACKED))
SCRIPTS     := $(sort $(SCRIPTS) $(filter %.sh,$(TRACKED)))
PYTHON      := $(shell awk 'FNR == 1 && /^\#!.*python/ { print FILENAME } { nextfile }' $(TRACKED))
PYTHON      := $(sort $(PYTHON) $(filter %.py,$(TRACKED)))
endif
SIZED       := $(LINT_C) $(LINT_H) $(LINT_BPF) $(filter bpf/%.h Makefile mk/%,$(TRACKED)) \
               $(SCRIPTS) $(PYTHON)
# Inputs for fuzzing are what they are.
NARROW      := $(filter-out tests/fuzz/%,$(filter %.md %.yaml %.tpl %.cil %.go,$(TRACKED)))

lint: ## all static checks
	@$(MAKE) -k --output-sync=target $(PARALLEL) lint-all
	@echo 'lint: $(words $(LINT_C) $(LINT_BPF)) C files, $(words $(LINT_H)) headers,' \
		'$(words $(SCRIPTS)) scripts are clean'

lint-all: lint-tree $(LINT_C:%=$(L)/%.ok) $(LINT_BPF:%=$(L)/%.ok) $(LINT_H:%=$(L)/%.ok) \
	$(SCRIPTS:%=$(L)/%.sh-ok)
.PHONY: lint-all lint-tree

# Checks of the whole tree, each some seconds at most.
lint-tree:
	@tests/lint/arrows-test
	@tests/lint/arrows
	@tests/lint/size-test
	@tests/lint/size $(SIZED)
	@tests/lint/columns-test
	@tests/lint/columns $(NARROW)
	@tests/lint/format-test
	@tests/lint/format $(filter %.c %.h,$(TRACKED))
	@tests/lint/docs-paths-test
	@tests/lint/docs-paths
	@tests/lint/spdx-test
	@tests/lint/spdx
	@tests/mutants/run --check

# Structs of the kernel's headers that end in an array are put before what fills it.
CLANG_LETS := -Wno-gnu-variable-sized-type-not-at-end
# How deep the analyser looks into small functions: far enough to see that err_sys() is negative.
INLINE := -Xclang -analyzer-config -Xclang ipa-always-inline-size=6

# Only the product is analysed: the asserts of a test mean nothing to an analyser.
define analyse
	$(Q)clang-tidy --quiet $< -- $(LINT_FLAGS) $(CLANG_LETS) $(INLINE) 2>$@.log || \
		{ cat $@.log; exit 1; }
	$(Q)$(CPPCHECK) $<
endef
is_product = $(filter-out tests/%,$<)
lint_deps  = -MD -MP -MT $@ -MF $@.d

# Findings in one line each; V=1 shows the way to them. With early inlining gcc 12 takes what a
# cleanup reads for uninitialised.
ANALYSER := -fanalyzer -fno-early-inlining
ANALYSE   = $(ANALYSER) $(if $(filter 1,$(V)),,-fdiagnostics-path-format=none)
# gcc 12 loses sight of pointers that are kept in arrays or reallocated, and calls them leaks.
$(L)/node-agent/parse/ytree_parse.c.ok: ANALYSE += -Wno-analyzer-malloc-leak
$(L)/node-agent/offer/sets.c.ok: ANALYSE += -Wno-analyzer-malloc-leak
$(L)/node-agent/model/sandbox.c.ok: ANALYSE += -Wno-analyzer-malloc-leak
# What protobuf-c generates casts the const away from its empty string.
$(L)/node-agent/nri/%.c.ok: CLANG_LETS += -Wno-cast-qual

$(L)/flags: FORCE
	$(call keep,$(LINT_FLAGS) $(CLANG_LETS) $(INLINE) $(ANALYSER) $(CPPCHECK) $(BPF_CFLAGS))

$(L)/%.c.ok: %.c .clang-tidy $(L)/flags | $(SKELS)
	$(call say,LINT)
	@mkdir -p $(@D)
	$(Q)gcc $(LINT_FLAGS) -O2 $(if $(is_product),$(ANALYSE)) $(lint_deps) -c -o /dev/null $<
	$(Q)$(CLANG) $(LINT_FLAGS) $(CLANG_LETS) -fsyntax-only $<
	$(if $(is_product),$(analyse))
	@touch $@

$(L)/%.bpf.c.ok: %.bpf.c $(L)/flags
	$(call say,LINT)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CPPFLAGS) $(BPF_CFLAGS) -Werror $(lint_deps) -c -o /dev/null $<
	@touch $@

# A header compiles alone.
$(L)/%.h.ok: %.h $(L)/flags | $(SKELS)
	@mkdir -p $(@D)
	$(Q)echo '#include "$<"' | gcc $(LINT_FLAGS) $(lint_deps) -fsyntax-only -x c -
	@touch $@

$(L)/%.sh-ok: %
	$(call say,SHELL)
	@mkdir -p $(@D)
	$(Q)shellcheck -x $<
	@touch $@

ifneq ($(filter lint%,$(MAKECMDGOALS)),)
-include $(wildcard $(L)/*/*.d $(L)/*/*/*.d)
endif
