#include <assert.h>
#include <stdlib.h>

#include "names.h"

int main(int argc, char **argv)
{
	int times = argc > 1 ? atoi(argv[1]) : 1;

	names_set("one", 1);
	names_set("two", 2);
	names_set("one", 11);
	for (int i = 0; i < times; i++) {
		assert(names_find("one") == 11);
		assert(names_find("two") == 2);
		assert(names_find("three") == -1);
	}
	names_clear();
	return 0;
}
