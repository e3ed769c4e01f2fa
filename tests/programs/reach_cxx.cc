/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Blocks of C++ programs: what containers hold, objects behind counts, lengths and virtual
 * tables. The words behind allocations are those of reach.c.
 *
 * VARIANT flavour=static-cxx
 * VARIANT flavour=lsan
 */
#pragma GCC optimize("O0")

/* Words stay behind what they are of. */
/* clang-format off */
#include "program.h"

#include <list>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

struct with_destructor {
	~with_destructor()
	{
		keep(this);
	}
	long value;
	long other;
};

struct left {
	virtual ~left() = default;
	long a;
};

struct right {
	virtual ~right() = default;
	virtual void touch()
	{
		b = 1;
	}
	long b;
};

struct both : left, right {
	long c;
};

/* An object whose second word is no virtual table. */
struct plain_pair {
	virtual ~plain_pair() = default;
	long words[3];
};

std::vector<int *> *numbers;
std::vector<int *> here;
with_destructor *array;
right *of_base;
long *middle;
std::shared_ptr<int> shared;
std::unordered_map<int, std::string> table;

struct peer {
	std::shared_ptr<peer> other;
};

SITE static void held_vector()
{
	for (int i = 0; i < 3; i++)
		here.push_back(new int(i)); // = reachable*3, reachable
}

SITE static void lost_vector()
{
	auto *lost = new std::vector<int *>; // = definite

	lost->reserve(4); // = indirect
	for (int i = 0; i < 4; i++)
		lost->push_back(new int(i)); // = indirect*4
}

SITE static void lost_map()
{
	auto *lost = new std::map<int, int>; // = definite; lsan indirect: its nodes lead back to it

	for (int i = 0; i < 20; i++)
		(*lost)[i] = i; // = indirect*20
}

SITE static void lost_list()
{
	auto *lost = new std::list<int>; // = definite; lsan indirect: its nodes lead back to it

	for (int i = 0; i < 10; i++)
		lost->push_back(i); // = indirect*10
}

SITE static void held_strings()
{
	table.reserve(50); // = reachable
	for (int i = 0; i < 20; i++)
		table[i] = std::string(100 + i, 'x'); // = reachable*40
}

SITE static void lost_string()
{
	new std::string(200,
			'y'); // = definite, indirect; lsan definite: a register still has the text
}

/* The compiler keeps the number of elements in front of the first one. */
SITE static void array_with_destructors()
{
	array = new with_destructor[5]; // = reachable
}

SITE static void lost_array()
{
	keep(new with_destructor[6]); // = definite
}

SITE static void second_base()
{
	of_base = new both; // = reachable
	of_base->touch();
}

SITE static void inside_object()
{
	middle = &(new plain_pair)->words[1]; // = possible
}

SITE static void shared_cycle()
{
	auto one = std::make_shared<peer>(); // = definite; lsan indirect: all of a cycle are
	auto two = std::make_shared<peer>(); // = indirect

	one->other = two;
	two->other = one;
}

SITE static void held_shared()
{
	shared = std::make_shared<int>(7); // = reachable
}

SITE static int *lost_by_throwing(int i)
{
	int *lost = new int[25]; // = definite*5

	lost[0] = i;
	throw std::runtime_error("no"); // = library none*0
}

SITE static void thrown()
{
	for (int i = 0; i < 5; i++) {
		try {
			keep(lost_by_throwing(i));
		} catch (const std::runtime_error &) {
		}
	}
}

SITE static void aligned_new()
{
	struct alignas(128) wide {
		char bytes[256];
	};

	keep(new wide); // = definite
}

static const struct {
	const char *name;
	void (*run)();
} cases[] = {
	{ "held_vector", held_vector },
	{ "lost_vector", lost_vector },
	{ "lost_map", lost_map },
	{ "lost_list", lost_list },
	{ "held_strings", held_strings },
	{ "lost_string", lost_string },
	{ "array_with_destructors", array_with_destructors },
	{ "lost_array", lost_array },
	{ "second_base", second_base },
	{ "inside_object", inside_object },
	{ "shared_cycle", shared_cycle },
	{ "held_shared", held_shared },
	{ "thrown", thrown },
	{ "aligned_new", aligned_new },
};

extern "C" void __lsan_do_leak_check() __attribute__((weak));

SITE static void scrub()
{
	volatile char rest[16384];

	memset((void *)rest, 0, sizeof(rest));
}

int main(int argc, char **argv)
{
	for (const auto &each : cases) {
		if (argc < 2 || strcmp(argv[1], each.name) != 0)
			continue;
		each.run();
		scrub();
		/* Before what lives as long as the program is taken down. */
		if (__lsan_do_leak_check)
			__lsan_do_leak_check();
		_exit(0);
	}
	return 2;
}
