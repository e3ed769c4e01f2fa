/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loses 1003 bytes in a member of a template. */
#include <cstdlib>

static void *volatile kept;

namespace shop
{
template <typename T> struct shelf {
	T filled;

	__attribute__((noinline, noclone)) void fill(T size, const char *)
	{
		kept = malloc(size);
		kept = nullptr;
		filled = size;
	}
};
} // namespace shop

int main()
{
	shop::shelf<int> shelf;

	shelf.fill(1003, "");
	return shelf.filled != 1003;
}
