# Figures, not tests: `make bench` prints them, nothing is asserted.

$(BUILD)/tests/bench/pairs: tests/bench/pairs.c Makefile
	$(call say,BENCH,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -O1 -g -fno-builtin -fno-omit-frame-pointer -Wall -Wextra -Werror -o $@ $< -pthread

.PHONY: bench
bench: all $(BUILD)/tests/bench/pairs
	@$(PYTHON) tests/bench/bench.py $(BUILD)
