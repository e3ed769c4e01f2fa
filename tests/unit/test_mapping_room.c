/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Room for mappings: ranges that do not meet, and that come again once they have rested. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "trace/mapping_room.h"
#include "util/clock.h"

static struct mapping_room room;

static int begin(void **state)
{
	(void)state;
	room = (struct mapping_room){ 0 };
	return 0;
}

static int end(void **state)
{
	(void)state;
	mapping_room_clear(&room);
	return 0;
}

static void test_ranges_do_not_meet(void **state)
{
	uint32_t first = mapping_room_take(&room, 100), second = mapping_room_take(&room, 50);

	(void)state;
	assert_true(first + 100 <= second || second + 50 <= first);
}

static void test_none_is_left(void **state)
{
	(void)state;
	assert_int_equal(mapping_room_take(&room, WIRE_MAPPINGS), 0);
	assert_int_equal(mapping_room_take(&room, 1), WIRE_MAPPINGS);
	assert_int_equal(mapping_room_take(&room, WIRE_MAPPINGS + 1), WIRE_MAPPINGS);
}

static void test_what_rests_is_waited_for(void **state)
{
	uint64_t given_ns;

	(void)state;
	assert_int_equal(mapping_room_take(&room, WIRE_MAPPINGS), 0);
	given_ns = monotonic_ns();
	mapping_room_give(&room, 10, 5);
	mapping_room_give(&room, 15, 5);
	assert_int_equal(mapping_room_take(&room, 10), 10);
	assert_true(monotonic_ns() - given_ns >= 1000000000);
	assert_int_equal(mapping_room_take(&room, 1), WIRE_MAPPINGS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ranges_do_not_meet, begin, end),
		cmocka_unit_test_setup_teardown(test_none_is_left, begin, end),
		cmocka_unit_test_setup_teardown(test_what_rests_is_waited_for, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
