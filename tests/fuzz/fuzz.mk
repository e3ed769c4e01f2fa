# Fuzzing: hostile input for everything that is read. Needs clang's runtime (Debian:
# libclang-rt-14-dev). A target is a file fuzz_NAME.c and its seeds, a function of seeds.sh.
# Corpora are kept in $(BUILD), so that a second run goes on from the first.

FUZZ_SECONDS ?= 20
# Of the clock, in which others may have the machine: an input takes milliseconds.
FUZZ_TIMEOUT := 10
FUZZ_DIR := $(BUILD)/fuzz
FUZZ_FLAGS := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=undefined
FUZZ_SOURCES := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_TARGETS := $(FUZZ_SOURCES:tests/fuzz/fuzz_%.c=%)

# The longest input in bytes, where that is not 4096.
FUZZ_BYTES_dwarf := 16384
FUZZ_BYTES_elf := 16384
FUZZ_BYTES_heap := 24576
FUZZ_BYTES_probes := 16384
FUZZ_BYTES_unwind := 16384

# As the program, but for its main(). Warnings are gcc's to give.
FUZZ_ARCHIVE := $(FUZZ_DIR)/libleaktrace.a
FUZZ_OBJECTS := $(patsubst %.c,$(FUZZ_DIR)/%.o,$(filter-out src/main.c,$(SOURCES)))

$(FUZZ_DIR)/src/%.o: src/%.c Makefile tests/fuzz/fuzz.mk
	$(call say,FUZZCC,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(LEAKTRACE_CFLAGS) $(FUZZ_FLAGS) -w -fsanitize=fuzzer-no-link -MMD -MP -c -o $@ $<

$(FUZZ_DIR)/src/trace/tracer.o: $(SKELETON)

$(FUZZ_ARCHIVE): $(FUZZ_OBJECTS)
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $^

$(FUZZ_DIR)/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_ARCHIVE)
	$(call say,FUZZ,$<)
	$(Q)$(CLANG) $(LEAKTRACE_CFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer -Itests/unit -MMD -MP -o $@ \
		$< $(FUZZ_ARCHIVE) $(LIBS)

$(FUZZ_DIR)/make_recording: tests/fuzz/make_recording.c $(ARCHIVE)
	$(call say,FUZZ,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LEAKTRACE_CFLAGS) $(CFLAGS) -Itests/unit -MMD -MP $(LDFLAGS) -o $@ \
		$< $(ARCHIVE) $(LIBS) -lcmocka

$(FUZZ_DIR)/seeds/recording: $(FUZZ_DIR)/make_recording
$(FUZZ_TARGETS:%=$(FUZZ_DIR)/seeds/%): $(FUZZ_DIR)/seeds/%: tests/fuzz/seeds.sh
	@rm -rf $@ && mkdir -p $@
	$(Q)tests/fuzz/seeds.sh $* $@ $(FUZZ_DIR) || { rm -rf $@; false; }

.PHONY: fuzz-build
fuzz-build: $(FUZZ_TARGETS:%=$(FUZZ_DIR)/fuzz_%) $(FUZZ_TARGETS:%=$(FUZZ_DIR)/seeds/%)

.PHONY: fuzz
fuzz: $(FUZZ_TARGETS:%=fuzz-%)

.PHONY: $(FUZZ_TARGETS:%=fuzz-%)
$(FUZZ_TARGETS:%=fuzz-%): fuzz-%: $(FUZZ_DIR)/fuzz_% $(FUZZ_DIR)/seeds/%
	@mkdir -p $(FUZZ_DIR)/corpus/$*
	$(Q)$(FUZZ_DIR)/fuzz_$* -max_total_time=$(FUZZ_SECONDS) -rss_limit_mb=1024 \
		-timeout=$(FUZZ_TIMEOUT) -max_len=$(or $(FUZZ_BYTES_$*),4096) -print_final_stats=1 \
		-artifact_prefix=$(FUZZ_DIR)/$*- \
		$(FUZZ_DIR)/corpus/$* $(FUZZ_DIR)/seeds/$*

-include $(FUZZ_OBJECTS:.o=.d) $(FUZZ_TARGETS:%=$(FUZZ_DIR)/fuzz_%.d)
