# The programs that end-to-end tests trace. A program is a file; a flavour is another
# way to build it, named PROGRAM.FLAVOUR. What this machine cannot build is left out,
# and the tests that need it say so when they skip.

PROGRAMS_DIR := $(BUILD)/tests/programs
PROGRAM_HEADER := include/leaktrace/mark.h tests/programs/program.h tests/programs/programs.mk

# Frames must stay: no tail calls, no inlining of sites, no calls folded away.
PROGRAM_FLAGS := -D_GNU_SOURCE -Iinclude -Wall -Wextra -Werror -Wno-alloc-size-larger-than -Wno-unused-result \
	-Wno-infinite-recursion -O1 -g -fno-builtin -fno-optimize-sibling-calls \
	-fno-omit-frame-pointer -DTARGET='"$(abspath $(PROGRAMS_DIR))/exec_target"'
PROGRAM_CFLAGS := -std=gnu17 -Wstrict-prototypes $(PROGRAM_FLAGS)
PROGRAM_CXXFLAGS := -std=gnu++17 $(PROGRAM_FLAGS)

PROGRAM_C := $(wildcard tests/programs/*.c)
PROGRAM_CC := $(wildcard tests/programs/*.cc)
PROGRAM_LIBS := $(filter tests/programs/lib%.c,$(PROGRAM_C))
PROGRAM_NAMES := $(patsubst tests/programs/%.c,%,$(filter-out $(PROGRAM_LIBS),$(PROGRAM_C))) \
	$(PROGRAM_CC:tests/programs/%.cc=%)

MUSL_GCC := $(shell command -v musl-gcc)
JEMALLOC_A := $(wildcard $(shell $(CC) -print-file-name=libjemalloc_pic.a))
M32 := $(shell printf 'int x;' | $(CC) -m32 -x c -c -o /dev/null - 2>/dev/null && echo yes)

# Which programs are built in a flavour: those whose heads ask for it.
flavoured = $(patsubst tests/programs/%,%.$(1),$(basename $(shell grep -ls 'VARIANT flavour=$(1)\( deep\)\?$$' $(PROGRAM_C) $(PROGRAM_CC))))

PROGRAM_FLAVOURS := $(foreach flavour,nopie nofp static static-cxx lsan,$(call flavoured,$(flavour))) \
	$(if $(MUSL_GCC),$(call flavoured,musl) $(call flavoured,musl-static) mixed.musl mixed.musl-static) \
	$(if $(JEMALLOC_A),$(call flavoured,jemalloc-linked))

PROGRAM_FILES := $(addprefix $(PROGRAMS_DIR)/,$(PROGRAM_NAMES) $(PROGRAM_FLAVOURS) \
	$(PROGRAM_LIBS:tests/programs/%.c=%.so) no_allocator $(if $(M32),no_allocator.32))

.PHONY: programs
programs: $(PROGRAM_FILES)

$(PROGRAM_FILES): | $(PROGRAMS_DIR)

$(PROGRAMS_DIR):
	@mkdir -p $@

$(PROGRAMS_DIR)/%: tests/programs/%.c $(PROGRAM_HEADER)
	$(call say,PROGRAM,$@)
	$(Q)$(CC) $(PROGRAM_CFLAGS) -o $@ $< -pthread -Wl,-rpath,'$$ORIGIN'

$(PROGRAMS_DIR)/%: tests/programs/%.cc $(PROGRAM_HEADER)
	$(call say,PROGRAM,$@)
	$(Q)$(CXX) $(PROGRAM_CXXFLAGS) -o $@ $< -pthread

$(PROGRAMS_DIR)/%.so: tests/programs/%.c $(PROGRAM_HEADER)
	$(call say,PROGRAM,$@)
	$(Q)$(CC) $(PROGRAM_CFLAGS) -fPIC -shared -o $@ $<

$(PROGRAMS_DIR)/%.nopie: tests/programs/%.c $(PROGRAM_HEADER)
	$(call say,PROGRAM,$@)
	$(Q)$(CC) $(PROGRAM_CFLAGS) -fno-pie -no-pie -o $@ $< -pthread

# No frame pointers: only unwind tables lead from frame to frame.
$(PROGRAMS_DIR)/%.nofp: tests/programs/%.c $(PROGRAM_HEADER)
	$(call say,PROGRAM,$@)
	$(Q)$(CC) $(PROGRAM_CFLAGS) -O2 -fomit-frame-pointer -o $@ $< -pthread

$(PROGRAMS_DIR)/%.static: tests/programs/%.c $(PROGRAM_HEADER)
	$(call say,PROGRAM,$@)
	$(Q)$(CC) $(PROGRAM_CFLAGS) -static -o $@ $< -pthread

$(PROGRAMS_DIR)/%.lsan: tests/programs/%.c $(PROGRAM_HEADER)
	$(call say,PROGRAM,$@)
	$(Q)$(CC) $(PROGRAM_CFLAGS) -fsanitize=leak -o $@ $< -pthread

$(PROGRAMS_DIR)/%.lsan: tests/programs/%.cc $(PROGRAM_HEADER)
	$(call say,PROGRAM,$@)
	$(Q)$(CXX) $(PROGRAM_CXXFLAGS) -fsanitize=leak -o $@ $< -pthread

$(PROGRAMS_DIR)/%.static-cxx: tests/programs/%.cc $(PROGRAM_HEADER)
	$(call say,PROGRAM,$@)
	$(Q)$(CXX) $(PROGRAM_CXXFLAGS) -static -o $@ $< -pthread

$(PROGRAMS_DIR)/%.musl: tests/programs/%.c $(PROGRAM_HEADER)
	$(call say,PROGRAM,$@)
	$(Q)$(MUSL_GCC) $(PROGRAM_CFLAGS) -fasynchronous-unwind-tables -o $@ $<

$(PROGRAMS_DIR)/%.musl-static: tests/programs/%.c $(PROGRAM_HEADER)
	$(call say,PROGRAM,$@)
	$(Q)$(MUSL_GCC) $(PROGRAM_CFLAGS) -static -o $@ $<

$(PROGRAMS_DIR)/%.jemalloc-linked: tests/programs/%.c $(PROGRAM_HEADER)
	$(call say,PROGRAM,$@)
	$(Q)$(CC) $(PROGRAM_CFLAGS) -o $@ $< $(JEMALLOC_A) -lm -lstdc++ -pthread

$(PROGRAMS_DIR)/no_allocator: tests/programs/no_allocator.S
	$(call say,PROGRAM,$@)
	$(Q)$(CC) -nostdlib -static -s -o $@ $<

$(PROGRAMS_DIR)/no_allocator.32: tests/programs/no_allocator.S
	$(call say,PROGRAM,$@)
	$(Q)$(CC) -m32 -nostdlib -static -o $@ $<
