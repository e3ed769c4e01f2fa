/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Containers of the standard library: what they hold is released with them.
 * EXPECT heap acquired=432/104057 released=408/29860 live=24/74197
 * DEEP EXPECT stack leak_vector 1/400
 * DEEP EXPECT stack leak_map 20/960
 * DEEP EXPECT stack leak_string 1/101
 * DEEP EXPECT stack leak_shared 1/32
 * DEEP EXPECT stack balanced 0/0
 */
#include <map>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include "program.h"

alignas(16) static char places[4][64];

SITE static void leak_vector()
{
	keep(new (places[0]) std::vector<int>(100));
}

SITE static void leak_map()
{
	auto *map = new (places[1]) std::map<int, long>;

	for (int i = 0; i < 20; i++)
		(*map)[i] = i;
}

SITE static void leak_string()
{
	keep(new (places[2]) std::string(100, 'x'));
}

using pair = std::pair<long, long>;

SITE static void leak_shared()
{
	keep(new (places[3]) std::shared_ptr<pair>(std::make_shared<pair>(1, 2)));
}

SITE static void balanced()
{
	std::vector<std::string> lines;
	std::map<std::string, std::unique_ptr<int>> numbers;

	for (int i = 0; i < 100; i++) {
		lines.push_back(std::string(20 + i, 'y'));
		numbers[lines.back()] = std::make_unique<int>(i);
	}
	keep(&numbers);
}

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	leak_vector();
	leak_map();
	leak_string();
	leak_shared();
	balanced();
	return 0;
}
