/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Loses 1002 bytes in FUNCTION, which is not exported. VERSIONED: enter has a version. */
#include <stdlib.h>

static volatile int calls;
static void *volatile kept;

static __attribute__((noinline)) void FUNCTION(void)
{
	kept = malloc(1002);
	kept = NULL;
}

#ifdef VERSIONED
__asm__(".symver enter_second, enter@@SHOP_2");
#define enter enter_second
#endif

void enter(void);

void enter(void)
{
	FUNCTION();
	calls++;
}
