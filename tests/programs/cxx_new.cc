/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every form of operator new, its leaks, and the delete that goes with it. The block
 * of 72,704 bytes is libstdc++'s reserve for exceptions.
 * EXPECT heap acquired=17/73984 released=8/640 live=9/73344
 * DEEP EXPECT site leak_plain 1/40
 * DEEP EXPECT site leak_array 1/50
 * DEEP EXPECT site leak_nothrow 1/60
 * DEEP EXPECT site leak_nothrow_array 1/42
 * DEEP EXPECT site leak_aligned 1/128
 * DEEP EXPECT site leak_aligned_array 1/192
 * DEEP EXPECT site leak_aligned_nothrow 1/64
 * DEEP EXPECT site leak_aligned_nothrow_array 1/64
 * DEEP EXPECT site @libstdc++ 1/72704
 */
#include <new>

#include "program.h"

static const std::align_val_t line{ 64 };

SITE static void *leak_plain()
{
	return keep(::operator new(40));
}

SITE static void *leak_array()
{
	return keep(::operator new[](50));
}

SITE static void *leak_nothrow()
{
	return keep(::operator new(60, std::nothrow));
}

SITE static void *leak_nothrow_array()
{
	return keep(::operator new[](42, std::nothrow));
}

SITE static void *leak_aligned()
{
	return keep(::operator new(128, line));
}

SITE static void *leak_aligned_array()
{
	return keep(::operator new[](192, line));
}

SITE static void *leak_aligned_nothrow()
{
	return keep(::operator new(64, line, std::nothrow));
}

SITE static void *leak_aligned_nothrow_array()
{
	return keep(::operator new[](64, line, std::nothrow));
}

SITE static void leak_all()
{
	leak_plain();
	leak_array();
	leak_nothrow();
	leak_nothrow_array();
	leak_aligned();
	leak_aligned_array();
	leak_aligned_nothrow();
	leak_aligned_nothrow_array();
}

SITE static void delete_all()
{
	::operator delete(leak_plain(), 40);
	::operator delete[](leak_array(), 50);
	::operator delete(leak_nothrow(), std::nothrow);
	::operator delete[](leak_nothrow_array());
	::operator delete(leak_aligned(), line);
	::operator delete[](leak_aligned_array(), 192, line);
	::operator delete(leak_aligned_nothrow(), 64, line);
	::operator delete[](leak_aligned_nothrow_array(), line, std::nothrow);
	::operator delete(keep(nullptr));
}

int main(int argc, char **argv)
{
	program_begin(argc, argv);
	leak_all();
	delete_all();
	return 0;
}
