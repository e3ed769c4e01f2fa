/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Any bytes as the value of each option. */
#include "fuzz.h"

#include "options.h"
#include "options_table.h"

static void set(const struct option_row *row, const char *text)
{
	struct options options = { 0 };

	row->form->set(row, text, (char *)&options + row->offset);
	options_free(&options);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	char *text = fuzz_copy(bytes, size);

	for (size_t i = 0; i < option_row_count; i++)
		if (option_rows[i].form)
			set(&option_rows[i], text);
	free(text);
	return 0;
}
