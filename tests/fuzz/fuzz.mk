# Fuzzing, by hand and in long runs: not part of `make test`. Needs clang's runtime
# (Debian: libclang-rt-14-dev). The corpus is made from small programs and kept in
# $(BUILD), so that a second run goes on from the first.

FUZZ_SECONDS ?= 20
FUZZ_DIR := $(BUILD)/tests/fuzz
FUZZ_FLAGS := -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined
FUZZ_UNWIND_SOURCES := tests/fuzz/fuzz_unwind.c $(wildcard src/unwind/*.c src/elf/*.c) \
	src/util/array.c src/util/strings.c

$(FUZZ_DIR)/fuzz_unwind: $(FUZZ_UNWIND_SOURCES) $(wildcard src/unwind/*.h) tests/unit/unwind_check.h
	$(call say,FUZZ,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(LEAKTRACE_CFLAGS) -O1 -g $(FUZZ_FLAGS) -Itests/unit -o $@ \
		$(FUZZ_UNWIND_SOURCES) $(LIBS)

# One seed for each way in: .eh_frame by section and by segment, .debug_frame plain
# and compressed, signal frames and expressions.
$(FUZZ_DIR)/unwind-seeds: tests/fuzz/seeds.sh
	@rm -rf $@ && mkdir -p $@
	$(Q)tests/fuzz/seeds.sh $@

.PHONY: fuzz-unwind
fuzz-unwind: $(FUZZ_DIR)/fuzz_unwind $(FUZZ_DIR)/unwind-seeds
	@mkdir -p $(FUZZ_DIR)/unwind-corpus
	$(Q)$(FUZZ_DIR)/fuzz_unwind -max_total_time=$(FUZZ_SECONDS) -timeout=10 -max_len=16384 \
		-print_final_stats=1 -artifact_prefix=$(FUZZ_DIR)/ \
		$(FUZZ_DIR)/unwind-corpus $(FUZZ_DIR)/unwind-seeds
