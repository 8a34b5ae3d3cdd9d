# SPDX-License-Identifier: GPL-2.0
#
#   make          build memlua (build/memlua)
#   make demo     run the plan's experiment, baseline and protected, and compare them
#   make check    build and run all tests, JOBS of them at a time (one for each CPU, at most 4)
#   make fuzz     feed the parsers hostile input for long, with the sanitizers, and the compiler of policies in Lua
#                 FUZZ_PROGRAMS (100000) random ones; make check does it for short
#   make check-kill   kill memlua at 260 random points, and look what is left
#   make check-faults   let each allocation and system call of memlua's own fail once
#   make check-valgrind   make and close each handle a thousand times under valgrind
#   make check-debug  attack the module in ROUNDS (10000) seeded rounds, on a kernel built for it and the stock one
#   make check-native  build kernels that have memcg_bpf_ops themselves, of RFC v6 and of v7, and test the native way on them
#   make lint     what shellcheck, luacheck, cppcheck, gcc -fanalyzer, clang-tidy and clang-format say; make format does the last one's bidding
#   make bench    measure what an idle policy costs, how exact delays are, how long attaching takes, what memlua itself takes, and how that grows
#   make check-distros   build and test in bare roots of Debian, as root and as a user: DISTROS="bookworm trixie sid".
#                        Takes root, debootstrap and hours; tests/distros.sh tells more
#   make check-kernels   the tests of the microVM on several kernels: KERNELS="6.12 7.2 7.3"; tests/kernels.sh tells more
#   make check-dkms   build, install and load the module by dkms, as root
#   make check-machines   the README's sweep over several machines, by GNU parallel and by a Slurm of its own, as root
#   make install  put it below PREFIX (/usr/local), or DESTDIR for packagers; make uninstall takes it away
#   make help     this
#
# Everything that the build needs is installed by host/setup/packages.sh, which the first goal runs.

BUILD ?= build
PREFIX ?= /usr/local
VERSION = 0.1.0

CC ?= gcc
CLANG ?= clang
CFLAGS ?= -O2 -g
# what a distribution would build with; WERROR=-Werror is for CI
HARDENING ?= -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection -fcf-protection -fPIE
HARDENED_LINK = $(if $(HARDENING),-pie -Wl$(,)-z$(,)relro$(,)-z$(,)now)
WERROR ?=
, := ,
V ?= 0
Q = $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-8s %s\n' $(1) $(2);)

.DELETE_ON_ERROR:
.SUFFIXES:
.PHONY: all demo check check-unit check-vm check-kill check-faults check-valgrind cycles-sanitized check-distros check-kernels check-dkms check-machines check-debug check-native check-asan check-sanitized check-fuzz fuzz fuzz-few fuzz-long bench lint format man install uninstall clean help

all: $(BUILD)/memlua

# config.mk says where libbpf is; make writes it before anything else and starts over.
ifeq ($(filter check-distros clean format help uninstall,$(MAKECMDGOALS)),)
include $(BUILD)/config.mk
endif
$(BUILD)/config.mk: host/setup/packages.sh host/setup/fetch.sh host/setup/alive.sh host/setup/workdir.sh
	@mkdir -p $(@D)
	$(Q)host/setup/packages.sh > $@

# distributions call it differently
LUA := $(shell for name in lua5.4 lua-5.4 lua54 lua; do pkg-config --exists "$$name >= 5.4" "$$name < 5.5" && echo $$name && break; done)
LUA_CFLAGS = $(shell pkg-config --cflags $(LUA))
LUA_LIBS = $(shell pkg-config --libs $(LUA))

override CFLAGS += $(HARDENING) $(WERROR) -std=gnu11 -Wall -Wextra -Wno-unused-parameter -D_GNU_SOURCE -MMD -MP
LDLIBS = $(LIBBPF_LIBS) -lelf -lz -ljansson -lreadline $(LUA_LIBS) -lm

# --- the core: knows nothing of Lua; that it links alone into an archive proves the boundary ---
CORE = $(patsubst %.c,$(BUILD)/%.o,$(wildcard host/core/*.c))
$(BUILD)/host/core/%.o: host/core/%.c $(BUILD)/config.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) $(LIBBPF_CFLAGS) -Ibpf -c -o $@ $<
$(BUILD)/libmemlua.a: $(CORE)
	@rm -f $@
	$(call say,AR,$@)$(AR) rcs $@ $^

# --- the host ---
HOST = $(patsubst %.c,$(BUILD)/%.o,$(wildcard host/*.c host/lua/*.c))
HOST_CFLAGS = $(LUA_CFLAGS) -DMEMLUA_VERSION='"$(VERSION)"'
$(BUILD)/host/%.o: host/%.c $(BUILD)/config.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) $(HOST_CFLAGS) -c -o $@ $<
$(BUILD)/memlua: $(HOST) $(BUILD)/libmemlua.a $(BUILD)/embed.o
	$(call say,LD,$@)$(CC) $(LDFLAGS) $(HARDENED_LINK) -o $@ $^ $(LDLIBS)

# --- the policies ---
# clang -target bpf does not look where the distribution keeps asm/types.h
MULTIARCH_INCLUDE = /usr/include/$(shell $(CC) -print-multiarch)
POLICIES = $(patsubst bpf/policies/%.bpf.c,$(BUILD)/policies/%.bpf.o,$(wildcard bpf/policies/*.bpf.c))
# what the tests attach, or fail to
TEST_POLICIES = $(patsubst tests/fixtures/%.bpf.c,$(BUILD)/tests/%.bpf.o,$(wildcard tests/fixtures/*.bpf.c))
# what measures
MEASURES = $(patsubst bpf/measure/%.bpf.c,$(BUILD)/measure/%.bpf.o,$(wildcard bpf/measure/*.bpf.c))
$(BUILD)/policies/%.bpf.o: bpf/policies/%.bpf.c $(BUILD)/config.mk
	$(compile-bpf)
$(BUILD)/measure/%.bpf.o: bpf/measure/%.bpf.c $(BUILD)/config.mk
	$(compile-bpf)
$(BUILD)/tests/%.bpf.o: tests/fixtures/%.bpf.c $(BUILD)/config.mk
	$(compile-bpf)
# what the tests run beside memlua
TEST_HELPERS = $(patsubst tests/helpers/%.c,$(BUILD)/tests/%,$(filter-out tests/helpers/faults.c,$(wildcard tests/helpers/*.c))) $(BUILD)/tests/faults.so
# preloaded into memlua, lets one call fail
$(BUILD)/tests/faults.so: tests/helpers/faults.c $(BUILD)/config.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) -O1 -g -fPIC -shared -Wall -D_GNU_SOURCE -std=gnu11 -o $@ $<
$(BUILD)/tests/%: tests/helpers/%.c $(BUILD)/libmemlua.a $(BUILD)/embed.o
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) $(LIBBPF_CFLAGS) -Ibpf -o $@ $(filter %.c %.a %.o,$^) $(LDFLAGS) $(LDLIBS)
define compile-bpf
	@mkdir -p $(@D)
	$(call say,BPF,$<)$(CLANG) -target bpf -g -O2 -Wall -MMD -MP \
		$(LIBBPF_CFLAGS) -idirafter $(MULTIARCH_INCLUDE) -Ibpf -Ibpf/policies -c -o $@ $<
endef

# What C made of a policy in Lua includes, with all that it includes itself: clang is all that is needed to compile one.
RUNTIME = $(BUILD)/policies/lua.bpf.h
$(RUNTIME): bpf/policies/lua.bpf.h bpf/policies/lua_integer.h bpf/policies/lua_answer.h bpf/policies/memlua.bpf.h bpf/memcg_bpf_ops.h $(BUILD)/config.mk
	@mkdir -p $(@D)
	$(call say,BPF,$@)$(CLANG) -target bpf -E -dD $(LIBBPF_CFLAGS) -idirafter $(MULTIARCH_INCLUDE) -Ibpf/policies $< > $@.all
	$(Q)awk '/^# /{own = $$3 == "\"<built-in>\"" || $$3 == "\"<command" || $$3 == "<command"; next} !own && NF' $@.all > $@
	@rm $@.all
# and what one includes beside it that is recorded
$(BUILD)/policies/%.h: bpf/policies/%.h
	@mkdir -p $(@D)
	@cp $< $@

# --- what is embedded: the Lua library and the policies, each under the name that embed_find() takes ---
LUA_LIBRARY = $(wildcard scripts/lib/memlua/*.lua scripts/lib/memlua/*/*.lua scripts/lib/memlua/*/*/*.lua)
ARGPARSE = $(firstword $(wildcard /usr/share/lua/5.4/argparse.lua /usr/share/lua/5.3/argparse.lua))
# the bindings' sources for the contracts in them, see memlua.cli.contracts
# luacheck's parser, for policies in Lua
LUACHECK = $(wildcard $(addprefix $(firstword $(wildcard /usr/share/lua/5.[1234]/luacheck))/,parser.lua lexer.lua utils.lua \
	decoder.lua unicode.lua unicode_printability_boundaries.lua))
EMBEDDED = $(LUA_LIBRARY) $(wildcard host/lua/*.c) $(wildcard plots/*.gp) $(POLICIES) $(MEASURES) $(RUNTIME) $(BUILD)/policies/lua_record.h $(ARGPARSE) $(LUACHECK)
$(BUILD)/bytecode: host/setup/bytecode.c $(BUILD)/config.mk
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(CFLAGS) $(LUA_CFLAGS) -o $@ $< $(LDFLAGS) $(LUA_LIBS)
$(BUILD)/embed.S: $(EMBEDDED) $(BUILD)/bytecode host/setup/embed.sh Makefile
	@mkdir -p $(@D)
	$(call say,EMBED,$@)host/setup/embed.sh $(BUILD) $(EMBEDDED) > $@
$(BUILD)/embed.o: $(BUILD)/embed.S
	$(Q)$(CC) -c -o $@ $<

-include $(CORE:.o=.d) $(HOST:.o=.d) $(POLICIES:.o=.d) $(MEASURES:.o=.d) $(TEST_POLICIES:.o=.d)

# --- using it ---
MEMLUA = $(BUILD)/memlua
RUNS ?= runs
demo: $(MEMLUA)
	@rm -rf $(RUNS)/demo
	$(MEMLUA) scripts/demo.lua --out $(RUNS)/demo

bench: $(MEMLUA)
	@rm -rf $(RUNS)/overhead $(RUNS)/precision $(RUNS)/watching-8 $(RUNS)/watching-100 $(RUNS)/scale
	$(MEMLUA) tests/bench.lua
	$(MEMLUA) scripts/overhead.lua --among 64 --out $(RUNS)/overhead
	$(MEMLUA) scripts/precision.lua --out $(RUNS)/precision
	$(MEMLUA) scripts/attaching.lua
	for n in 8 100; do $(MEMLUA) scripts/watching.lua --tenants $$n --out $(RUNS)/watching-$$n || exit; done
	$(MEMLUA) scripts/scale.lua --out $(RUNS)/scale

# A microVM keeps one CPU busy, and by its virtual clock nothing depends on what the others do.
JOBS ?= $(shell n=$$(nproc); echo $$((n > 4 ? 4 : n)))
PROVE = prove --exec $(abspath $(MEMLUA)) --timer
# make check T=tests/unit/x.t: that one alone. V=1 keeps what the kernels of the microVMs print.
T ?=
ifeq ($(V),1)
export MEMLUA_CONSOLE = $(abspath $(BUILD))/console.log
endif
ifneq ($(T),)
check: $(MEMLUA) $(TEST_POLICIES) $(TEST_HELPERS)
	$(PROVE) $(if $(filter 1,$(V)),--verbose) $(T)
else
check: check-unit check-asan check-fuzz check-vm
endif
check-unit: $(MEMLUA) $(TEST_POLICIES) $(TEST_HELPERS)
	$(PROVE) -j$(JOBS) tests/unit
check-vm: $(MEMLUA) $(TEST_POLICIES) $(TEST_HELPERS)
	$(PROVE) -j$(JOBS) tests/vm

# SIGKILL at random points over the whole life of a run, and what is left afterwards; check-vm tries a few
SEED ?= 1
check-kill: $(MEMLUA) $(TEST_HELPERS)
	$(PROVE) tests/kill/module.t :: 200 $(SEED)
	$(PROVE) tests/vm/kill_vm.t :: 60 $(SEED)

# each allocation and system call of memlua's own fails once, and FAULTS of each case in the microVM; check-unit and check-vm
# try some of them
FAULTS ?= 60
check-faults: $(MEMLUA) $(TEST_POLICIES) $(TEST_HELPERS)
	$(PROVE) tests/unit/faults.t :: all
	$(PROVE) tests/vm/injected.t :: $(FAULTS)

# A thousand of each handle made and closed: nothing lost, no memory read that isn't ours. What valgrind can't run, workers,
# the sanitizers watch.
CYCLES ?= 1000
check-valgrind: $(MEMLUA)
	valgrind --quiet --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite,indirect $(MEMLUA) tests/lib/cycles.lua $(CYCLES)
	@$(MAKE) --no-print-directory BUILD=$(ASAN) HARDENING= CFLAGS="-O1 -g $(SANITIZE)" LDFLAGS="$(SANITIZE)" cycles-sanitized
cycles-sanitized: $(MEMLUA)
	ASAN_OPTIONS=detect_leaks=1 $(MEMLUA) tests/lib/cycles.lua $(CYCLES)

# --- the module under attack: on a kernel with KASAN and lockdep, on one CPU and on two side by side, and on the stock one ---
ROUNDS ?= 10000
check-debug: $(MEMLUA) $(TEST_POLICIES) $(TEST_HELPERS)
	kernel=$$(tests/debug/kernel.sh) && set -- tests/vm/races.t $(ROUNDS) $(SEED) && \
	memlua() { $(abspath $(MEMLUA)) --vm --timeout 12h "$$@"; } && \
	memlua --clock real --kernel "$$kernel" "$$@" && \
	MEMLUA_TCG=multi memlua --clock real --cpus 2 --kernel "$$kernel" "$$@" && \
	memlua "$$@" && \
	MEMLUA_TCG=multi memlua --clock real --cpus 2 "$$@" && \
	memlua --clock real --kernel "$$kernel" tests/vm/rfc.t

# --- the native way: on kernels with a stand-in for the RFC's two interfaces; tests/kernels.sh says what came out ---
NATIVE ?= v6 v7
NATIVE_TESTS = $(addprefix tests/vm/,foreign.t interface.t reserve.t races.t async.t policy.t policy_lua.t policy_user.t rfc.t \
	priority.t nested.t guard.t scenario.t)
check-native: $(MEMLUA) $(TEST_POLICIES) $(TEST_HELPERS)
	kernels= && for interface in $(NATIVE); do kernels="$$kernels $$(tests/native/kernel.sh $$interface)" || exit; done && \
	TESTS="$(or $(T),tests/native/native.t $(NATIVE_TESTS))" tests/kernels.sh $(abspath $(MEMLUA)) $$kernels

# --- with the sanitizers, in build folders of their own: the unit tests, leaks included, and the parsers on hostile input ---
ASAN = $(BUILD)-asan
SANITIZE = -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
# What a sanitizer says of a process that a test starts reaches nobody: its file does. memlua reports an allocation that fails.
check-asan: $(BUILD)/config.mk
	@$(MAKE) --no-print-directory BUILD=$(ASAN) HARDENING= CFLAGS="-O1 -g $(SANITIZE)" LDFLAGS="$(SANITIZE)" check-sanitized
check-sanitized: $(MEMLUA) $(TEST_POLICIES) $(TEST_HELPERS)
	@rm -f $(BUILD)/report.*
	ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1:log_path=$(abspath $(BUILD))/report \
		UBSAN_OPTIONS=print_stacktrace=1:log_path=$(abspath $(BUILD))/report $(PROVE) -j$(JOBS) tests/unit
	@for report in $(BUILD)/report.*; do [ ! -e $$report ] || { cat $$report; exit 1; }; done

# libFuzzer, a target for each parser in C; seeds are what it begins with, and what once went wrong
FUZZ = $(BUILD)-fuzz
FUZZ_RUNS ?= 20000
FUZZ_PROGRAMS ?= 100000
FUZZ_SECONDS ?= 600
FUZZERS = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
FUZZ_FLAGS = -timeout=20 -rss_limit_mb=1024 -max_len=16384 -print_final_stats=1 -verbosity=0
fuzz-build = $(MAKE) --no-print-directory BUILD=$(FUZZ) CC=$(CLANG) HARDENING= CFLAGS="-O1 -g -fsanitize=fuzzer-no-link $(SANITIZE)" \
	LDFLAGS="-fsanitize=fuzzer $(SANITIZE)"
$(BUILD)/fuzz/%: tests/fuzz/%.c $(BUILD)/libmemlua.a $(BUILD)/host/lua/json.o $(BUILD)/host/lua/glue.o $(BUILD)/host/lua/upcall.o $(BUILD)/host/upcalls.o
	@mkdir -p $(@D)
	$(call say,FUZZ,$<)$(CC) $(CFLAGS) $(LUA_CFLAGS) $(LIBBPF_CFLAGS) $(LDFLAGS) -o $@ $(filter %.c %.o,$^) $(filter %.a,$^) $(LDLIBS)
check-fuzz: $(BUILD)/config.mk
	@$(fuzz-build) fuzz-few
fuzz: $(MEMLUA) $(TEST_HELPERS)
	@$(fuzz-build) fuzz-long
	$(MEMLUA) tests/unit/policy_fuzz.t $(FUZZ_PROGRAMS) $(SEED)
	$(MEMLUA) --vm tests/vm/policy_fuzz.t 12 $(SEED)
fuzz-few: $(FUZZERS)
	@for fuzzer in $^; do name=$$(basename $$fuzzer); found=$(BUILD)/few/$$name; rm -rf $$found; mkdir -p $$found; \
		echo "fuzz $$name: $(FUZZ_RUNS) inputs"; \
		$$fuzzer $(FUZZ_FLAGS) -seed=1 -runs=$(FUZZ_RUNS) -artifact_prefix=$(BUILD)/$$name- $$found tests/fuzz/seeds/$$name \
			>$(BUILD)/$$name.log 2>&1 || { cat $(BUILD)/$$name.log; exit 1; }; done
fuzz-long: $(FUZZERS)
	@for fuzzer in $^; do name=$$(basename $$fuzzer); mkdir -p $(BUILD)/corpus/$$name; echo "fuzz $$name: $(FUZZ_SECONDS) s"; \
		$$fuzzer $(FUZZ_FLAGS) -max_total_time=$(FUZZ_SECONDS) -artifact_prefix=$(BUILD)/$$name- $(BUILD)/corpus/$$name \
			tests/fuzz/seeds/$$name >$(BUILD)/$$name.log 2>&1 || { cat $(BUILD)/$$name.log; exit 1; }; \
		grep number_of_executed_units $(BUILD)/$$name.log; done

# --- reading it: each finding is mended, or left out here or in .luacheckrc with its reason ---
# SC2016: apt's own $(...) in its formats; SC2094: one file by two descriptors is meant; SC2046, SC2086: words are meant to be split; SC2317: progress() is called by alive.sh
LINT_SHELL = shellcheck -x -P SCRIPTDIR -s sh -e SC2016,SC2046,SC2086,SC2094,SC2317
# cppcheck 2.10 takes no list of names that is a macro with a macro for its parameter
LINT_C = cppcheck --quiet --error-exitcode=1 --std=c11 --enable=warning,performance,portability --inline-suppr \
	--suppress=missingIncludeSystem --suppress=preprocessorErrorDirective:host/core/worker_kind.h -Ihost -DMEMLUA_VERSION='""' '-DLIBBPF_OPTS(T, N, ...)=struct T N = {__VA_ARGS__}' \
	'-Djson_object_foreach(o, k, v)=for (k = 0, v = o; k;)' '-Djson_array_foreach(a, i, v)=for (i = 0, v = a; v;)'
FORMATTED = $(wildcard host/*.[ch] host/*/*.[ch] bpf/*.h bpf/*/*.[ch])
lint:
	$(LINT_SHELL) $(wildcard host/setup/*.sh bpf/kmod/*.sh tests/*.sh tests/*/*.sh) .ci/run
	luacheck --quiet --no-color scripts tests/lib host/man
	$(LINT_C) host
	$(Q)for file in $(wildcard host/*.c host/*/*.c); do $(CC) $(CFLAGS) $(HOST_CFLAGS) $(LIBBPF_CFLAGS) -Ibpf -O1 -fanalyzer -Werror -MF /dev/null -c -o /dev/null $$file || exit; done
	@# one file a process: the analyzer's check of va_list knows the first one's only
	$(Q)for file in $(wildcard host/*.c host/*/*.c); do clang-tidy --quiet $$file -- $(filter-out -W%,$(CFLAGS) $(HOST_CFLAGS)) $(LIBBPF_CFLAGS) -Ibpf 2>$(BUILD)/tidy.log || { cat $(BUILD)/tidy.log; exit 1; }; done
	clang-format --dry-run --Werror $(filter-out %.mod.c,$(FORMATTED))
format:
	clang-format -i $(filter-out %.mod.c,$(FORMATTED))

# --- other distributions and kernels than this machine's ---
DISTROS ?= bookworm trixie sid
check-distros:
	tests/distros.sh $(DISTROS)
KERNELS ?= 6.12 7.2 7.3
check-kernels: $(MEMLUA) $(TEST_POLICIES) $(TEST_HELPERS)
	$(if $(filter command environment,$(origin DISTROS)),DISTROS="$(DISTROS)") tests/kernels.sh $(abspath $(MEMLUA)) $(KERNELS)

# the module by dkms, of what make install puts there
check-dkms: $(MEMLUA)
	$(PROVE) --verbose tests/dkms/dkms.t

check-machines: $(MEMLUA)
	tests/machines.sh $(abspath $(MEMLUA))

# --- installing it: the binary holds the library; beside it go what it builds from, the scripts and the manuals ---
MANUALS = $(BUILD)/man/memlua.1 $(BUILD)/man/memlua-lua.7
$(MANUALS): $(BUILD)/man/%: host/man/%.in host/man/page.lua $(MEMLUA)
	@mkdir -p $(@D)
	$(call say,MAN,$@)$(MEMLUA) host/man/page.lua $< $(VERSION) > $@
man: $(MANUALS)

TO = $(DESTDIR)$(PREFIX)
SETUP = host/setup/alive.sh host/setup/fetch.sh host/setup/kmod.sh host/setup/workdir.sh
SHARED = $(filter-out %.mod.c,$(wildcard bpf/*.h bpf/kmod/*.[ch] bpf/policies/*.[ch] bpf/policies/*.lua)) bpf/kmod/Kbuild bpf/kmod/Makefile bpf/kmod/check-btf.sh bpf/kmod/dkms.conf bpf/headers.mk \
	bpf/guest/Kbuild bpf/guest/Makefile bpf/guest/hostwait.c \
	$(wildcard scripts/*.lua scripts/tutorial/* scripts/reviewers/* scripts/gallery/* scripts/wishes/* scripts/claims/*)
# where dkms looks for it when PREFIX is /usr; elsewhere: dkms add PREFIX/src/...
MODULE_SOURCE = $(shell sed -n 's/^PACKAGE_\(NAME\|VERSION\)="\(.*\)"/\2/p' bpf/kmod/dkms.conf | paste -sd-)
install: $(MEMLUA) $(MANUALS)
	install -D -m 755 $(MEMLUA) $(TO)/bin/memlua
	$(Q)for file in $(SETUP); do install -D -m 755 $$file $(TO)/share/memlua/$$file || exit; done
	$(Q)for file in $(SHARED); do install -D -m 644 $$file $(TO)/share/memlua/$$file || exit; done
	install -D -m 644 -t $(TO)/src/$(MODULE_SOURCE) bpf/memcg_bpf_ops.h bpf/headers.mk $(filter bpf/kmod/%,$(SHARED))
	install -D -m 644 -t $(TO)/share/man/man1 $(BUILD)/man/memlua.1
	install -D -m 644 -t $(TO)/share/man/man7 $(BUILD)/man/memlua-lua.7
	install -D -m 644 host/completion/memlua.bash $(TO)/share/bash-completion/completions/memlua
	install -D -m 644 -t $(TO)/share/zsh/site-functions host/completion/_memlua
	install -D -m 644 -t $(TO)/share/fish/vendor_completions.d host/completion/memlua.fish

# share/memlua and the module's sources are memlua's own; of the rest only its files go
uninstall:
	rm -f $(TO)/bin/memlua $(TO)/share/man/man1/memlua.1 $(TO)/share/man/man7/memlua-lua.7 \
		$(TO)/share/bash-completion/completions/memlua $(TO)/share/zsh/site-functions/_memlua \
		$(TO)/share/fish/vendor_completions.d/memlua.fish
	rm -rf $(TO)/share/memlua $(TO)/src/$(MODULE_SOURCE)

clean:
	rm -rf $(BUILD) $(ASAN) $(FUZZ)

help:
	@sed -n 's/^#   //p' Makefile
