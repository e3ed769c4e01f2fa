# What makes single calls of leaktrace fail; see tests/e2e/test_faults.py.

FAULT_LIBRARY := $(BUILD)/tests/faults/libfault.so

programs: $(FAULT_LIBRARY)

$(FAULT_LIBRARY): tests/faults/libfault.c tests/faults/faults.mk
	$(call say,FAULTS,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) -std=gnu17 -D_GNU_SOURCE -O1 -g -Wall -Wextra -Werror -Wno-nonnull-compare -fPIC -shared -o $@ $<
