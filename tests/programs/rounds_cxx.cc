/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Calls of a C++ function, half of which end by an exception: each loses 24 bytes. */
#include "program.h"

#include <stdexcept>

namespace app
{
class Parser
{
      public:
	SITE void read(int number)
	{
		keep(malloc(24));
		if (number % 2)
			throw std::runtime_error("odd");
	}
};
} // namespace app

int main()
{
	app::Parser parser;
	int thrown = 0;

	for (int i = 0; i < 200; i++) {
		try {
			parser.read(i);
		} catch (const std::runtime_error &) {
			thrown++;
		}
	}
	REQUIRE(thrown == 100);
	return 0;
}
