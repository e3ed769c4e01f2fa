# leaktrace: see `make help`.

PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib
ZSHDIR ?= $(PREFIX)/share/zsh/site-functions
DESTDIR ?=
BUILD ?= build
V ?= 0

CC ?= gcc
CLANG ?= clang
BPFTOOL ?= $(shell command -v bpftool || echo /usr/sbin/bpftool)
PKG_CONFIG ?= pkg-config
PYTHON ?= /usr/bin/python3

VERSION := 0.1.0
ARCH := $(shell uname -m)
BPF_ARCH := $(patsubst x86_64,x86,$(patsubst aarch64,arm64,$(ARCH)))

Q := $(if $(filter 1,$(V)),,@)
say = $(if $(filter 1,$(V)),,@printf '  %-8s %s\n' $(1) $(2))

PACKAGES := libbpf libelf zlib liblzma libdw capstone jansson ncursesw libxml-2.0
CFLAGS ?= -O2 -g
# Nothing that is built tells where.
HERE := -ffile-prefix-map=$(CURDIR)=.
LEAKTRACE_CFLAGS := -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wvla -fno-strict-aliasing \
	-Isrc -Iinclude -I$(BUILD) -DLEAKTRACE_VERSION='"$(VERSION)"' $(HERE) \
	$(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
LIBS := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) -liberty -lm -pthread

BPF_CFLAGS := -g -O2 -target bpf -mcpu=v3 -std=gnu17 -Wall -Wextra -Werror -Wno-unused-parameter \
	-Wno-missing-declarations -D__TARGET_ARCH_$(BPF_ARCH) -Iinclude -Ibpf -I. $(HERE)

# What depends on the architecture is in files that end with its name.
SOURCES := $(filter-out %_x86.c %_arm64.c,$(shell find src -name '*.c' | sort)) \
	$(shell find src -name '*_$(BPF_ARCH).c' | sort)
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o)
# An archive, so that a unit test links no more than it calls.
ARCHIVE := $(BUILD)/libleaktrace.a
BPF_SOURCES := $(wildcard bpf/*.bpf.c)
BPF_HEADERS := $(wildcard bpf/*.bpf.h) include/wire.h vmlinux.h
SKELETON := $(BUILD)/leaktrace.skel.h

UNIT_SOURCES := $(wildcard tests/unit/test_*.c)
UNIT_TESTS := $(UNIT_SOURCES:%.c=$(BUILD)/%)
PROGRAM_MK := tests/programs/programs.mk

SHELL_SCRIPTS = $(wildcard scripts/*.sh) .ci/run
C_FILES = $(shell find src bpf include lib tests -name '*.[ch]' -o -name '*.cc')

.PHONY: all
all: $(BUILD)/leaktrace $(BUILD)/libleaktrace-mark.so

.PHONY: help
help:
	@echo 'leaktrace $(VERSION): find what a program acquires and never gives back.'
	@echo
	@echo '  sudo make demo     install what is missing, build, show a report of a leaking program'
	@echo '  sudo make test     install what is missing, build, run all tests'
	@echo '  make               build $(BUILD)/leaktrace'
	@echo '  make static        build $(BUILD)/leaktrace-static, which needs no library where it runs'
	@echo '  make deb           build a Debian package into $(BUILD)'
	@echo '  make arm64         build for arm64 into $(BUILD)/arm64, with packages that it fetches'
	@echo '  make unit          unit tests (no root)'
	@echo '  sudo make e2e      end-to-end tests'
	@echo '  sudo make test-packages  what static and deb build, as it is installed'
	@echo '  sudo make test-builds    with each compiler: does the kernel take it'
	@echo '  sudo make test-kernels   end-to-end tests under Linux 6.1 and 6.12, emulated; KERNELS=..., QUICK=1, PART=1/5'
	@echo '  make fuzz          hostile input for all that is read, FUZZ_SECONDS=20 each; fuzz-NAME'
	@echo '  sudo make bench    the cost of tracing, as ratios'
	@echo '  make install       to DESTDIR/PREFIX (PREFIX=$(PREFIX))'
	@echo '  make format lint   clang-format; clang-tidy, cppcheck, shellcheck, layers'
	@echo '  make clean'
	@echo
	@echo 'Variables: V=1 shows commands; BUILD=folder; CC, CLANG, BPFTOOL, CFLAGS, SANITIZE=1.'

# Debian's, for `make arm64`: nothing of the machine's own may come in.
ARM64_ROOT := $(abspath $(BUILD))/arm64/root
ARM64_LIBDIR := $(ARM64_ROOT)/usr/lib/aarch64-linux-gnu

# arm64-build: leaktrace alone.
.PHONY: arm64 arm64-build
arm64: ARM64_GOALS := all programs
arm64-build: ARM64_GOALS := all
arm64 arm64-build:
	@$(if $(filter arm64,$@),scripts/install-deps.sh arm64)
	@BUILD=$(BUILD) scripts/arm64-sysroot.sh $(if $(filter arm64-build,$@),link)
	@PKG_CONFIG_LIBDIR=$(ARM64_LIBDIR)/pkgconfig:$(ARM64_ROOT)/usr/share/pkgconfig \
		PKG_CONFIG_SYSROOT_DIR=$(ARM64_ROOT) $(MAKE) --no-print-directory ARCH=aarch64 \
		BUILD=$(BUILD)/arm64 CC='aarch64-linux-gnu-gcc --sysroot=$(ARM64_ROOT)' \
		MUSL_GCC= JEMALLOC_A= CXX='aarch64-linux-gnu-g++ --sysroot=$(ARM64_ROOT)' AR=aarch64-linux-gnu-ar \
		$(ARM64_GOALS)

# Blocks are looked up by counting bits; every x86-64 processor since 2008 has an instruction for it.
ifeq ($(ARCH),x86_64)
LEAKTRACE_CFLAGS += -mpopcnt
endif

ifeq ($(SANITIZE),1)
LEAKTRACE_CFLAGS += -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
LDFLAGS += -fsanitize=address,undefined
endif

# ---- the program --------------------------------------------------------------

$(BUILD)/leaktrace: $(OBJECTS)
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -o $@ $(OBJECTS) $(LIBS)

# One file that needs no library where it runs. libxml2 leaves encodings to ICU, 30 MB of tables and
# C++; ours is UTF-8, which it knows itself, so ICU is left out.
ICU_UNUSED = $(shell nm -u "$$($(CC) -print-file-name=libxml2.a)" 2>/dev/null | \
	sed -nE 's/^ +U (ucnv_.*|UCNV_.*)/-Wl,--defsym=\1=abort/p')
STATIC_LIBS = $(filter-out -licu%,$(shell $(PKG_CONFIG) --static --libs $(PACKAGES))) -liberty -lm -pthread

.PHONY: static
static: $(BUILD)/leaktrace-static

$(BUILD)/leaktrace-static: $(filter-out $(BUILD)/src/symbols/debug_server.o,$(OBJECTS)) $(BUILD)/lib/static.o
	$(call say,LINK,$@)
	$(Q)$(CC) $(LDFLAGS) -static -o $@ $^ $(STATIC_LIBS) $(ICU_UNUSED)

# For whoever cannot include the header: of nothing but the marks.
$(BUILD)/libleaktrace-mark.so: lib/mark.c include/leaktrace/mark.h
	$(call say,LIB,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -Wall -Wextra -Werror $(HERE) $(CPPFLAGS) $(CFLAGS) -Iinclude -fPIC -shared -nostdlib \
		$(filter-out -fsanitize=%,$(LDFLAGS)) -Wl,-soname,$(@F) -o $@ $<

$(BUILD)/%.o: %.c Makefile
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LEAKTRACE_CFLAGS) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/src/trace/tracer.o: $(SKELETON)

$(BUILD)/%.bpf.o: bpf/%.bpf.c $(BPF_HEADERS) Makefile
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c -o $@ $<

# The linker merges the entry files into one object, one skeleton.
$(BUILD)/leaktrace.linked.o: $(BPF_SOURCES:bpf/%.bpf.c=$(BUILD)/%.bpf.o)
	$(call say,BPFLINK,$@)
	$(Q)$(BPFTOOL) gen object $@ $^

$(SKELETON): $(BUILD)/leaktrace.linked.o
	$(call say,SKEL,$@)
	$(Q)$(BPFTOOL) gen skeleton $< name leaktrace_bpf >$@.tmp && mv $@.tmp $@

# ---- tests --------------------------------------------------------------------

.PHONY: deps
deps:
	@scripts/install-deps.sh

.PHONY: test
test: deps
	@$(MAKE) --no-print-directory test-run

.PHONY: test-run
test-run:
	@scripts/run-tests.sh

.PHONY: unit-tests
unit-tests: $(UNIT_TESTS)

.PHONY: unit
unit: unit-tests
	@scripts/run-tests.sh unit

.PHONY: e2e
e2e: all programs
	@scripts/run-tests.sh e2e

.PHONY: test-packages
test-packages: all static deb programs
	@scripts/run-tests.sh packages

.PHONY: test-builds
test-builds: $(BUILD)/tests/programs/basic
	@scripts/build-matrix.sh

# KERNELS: series that tests/kernels/vm.py knows, or arm64, or paths of kernel images. QUICK=1: few tests.
.PHONY: test-kernels
test-kernels: deps all programs $(filter arm64,$(KERNELS))
	@BUILD=$(BUILD) $(PYTHON) -B tests/kernels/kernels.py $(if $(QUICK),--quick) $(if $(PART),--part $(PART)) $(KERNELS)

$(ARCHIVE): $(filter-out $(BUILD)/src/main.o,$(OBJECTS))
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(BUILD)/tests/unit/test_%: tests/unit/test_%.c $(ARCHIVE) Makefile
	$(call say,TEST,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LEAKTRACE_CFLAGS) $(CFLAGS) -Itests/unit -MMD -MP $(LDFLAGS) -o $@ $< $(ARCHIVE) $(LIBS) -lcmocka

-include $(PROGRAM_MK)
-include tests/bench/bench.mk
-include tests/fuzz/fuzz.mk
-include tests/faults/faults.mk

.PHONY: demo
demo: deps
	@$(MAKE) --no-print-directory all
	@scripts/demo.sh

# ---- care -----------------------------------------------------------------------

.PHONY: format
format:
	$(Q)clang-format -i $(C_FILES)

.PHONY: lint
lint: all
	@scripts/lint.sh

.PHONY: install
install: all
	install -D -m 755 $(BUILD)/leaktrace $(DESTDIR)$(PREFIX)/bin/leaktrace
	install -D -m 644 include/leaktrace/mark.h $(DESTDIR)$(PREFIX)/include/leaktrace/mark.h
	install -D -m 755 $(BUILD)/libleaktrace-mark.so $(DESTDIR)$(LIBDIR)/libleaktrace-mark.so
	install -D -m 644 man/leaktrace.1 $(DESTDIR)$(PREFIX)/share/man/man1/leaktrace.1
	install -D -m 644 share/python/leaktrace_pytest.py $(DESTDIR)$(PREFIX)/share/leaktrace/python/leaktrace_pytest.py
	install -d $(DESTDIR)$(PREFIX)/share/leaktrace/resources
	install -m 644 share/resources/*.res $(DESTDIR)$(PREFIX)/share/leaktrace/resources
	install -D -m 644 completions/leaktrace.bash $(DESTDIR)$(PREFIX)/share/bash-completion/completions/leaktrace
	install -D -m 644 completions/_leaktrace $(DESTDIR)$(ZSHDIR)/_leaktrace
	install -D -m 644 completions/leaktrace.fish $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/leaktrace.fish

.PHONY: deb
deb:
	@BUILD=$(BUILD) scripts/build-deb.sh

.PHONY: clean
clean:
	rm -rf $(BUILD)

-include $(OBJECTS:.o=.d) $(BUILD)/lib/static.d $(UNIT_TESTS:=.d)
