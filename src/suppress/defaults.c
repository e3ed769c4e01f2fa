/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the C and C++ libraries keep on purpose to their end, as seen in traces of programs that
 * do nothing of the kind themselves: it is no program's to give back.
 */
#include "suppress/suppress.h"

const char suppressions_default[] =
	"{\n libstdc++: memory for exceptions when there is none left\n Memcheck:Leak\n"
	" fun:*alloc\n obj:*/libstdc++.so*\n ...\n fun:_dl_init\n}\n"
	"{\n glibc: the locale archive stays mapped\n leaktrace:mmap\n ...\n"
	" fun:_nl_load_locale_from_archive\n}\n"
	"{\n glibc: locale files stay mapped\n leaktrace:mmap\n ...\n fun:_nl_load_locale\n}\n"
	"{\n glibc: the cache of character sets stays mapped\n leaktrace:mmap\n ...\n"
	" fun:__gconv_load_cache\n}\n"
	"{\n glibc: message catalogues stay mapped\n leaktrace:mmap\n ...\n "
	"fun:_nl_load_domain\n}\n"
	"{\n glibc: syslog's connection\n CoreError:FdNotClosed\n ...\n fun:openlog_internal\n}\n";
