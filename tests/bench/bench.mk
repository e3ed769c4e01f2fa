# Figures, not tests: `make bench` prints them, nothing is asserted. TABLES="pairs threads": only these.

BENCH_PROGRAMS := $(patsubst tests/bench/%.c,$(BUILD)/tests/bench/%,$(wildcard tests/bench/*.c))

$(BUILD)/tests/bench/%: tests/bench/%.c Makefile
	$(call say,BENCH,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -O1 -g -fno-builtin -fno-omit-frame-pointer -Wall -Wextra -Werror -o $@ $< -pthread

# It measures a part of leaktrace itself.
$(BUILD)/tests/bench/names: tests/bench/names.c $(ARCHIVE) Makefile
	$(call say,BENCH,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(LEAKTRACE_CFLAGS) $(CFLAGS) $(LDFLAGS) -o $@ $< $(ARCHIVE) $(LIBS)

.PHONY: bench
bench: all $(BENCH_PROGRAMS) $(BUILD)/tests/programs/pages
	@$(PYTHON) -B tests/bench/bench.py $(BUILD) $(TABLES)
