/* SPDX-License-Identifier: MIT */
/*
 * Marks for leaktrace(1): they name what a program is doing, so that each test, request or
 * phase gets a result of its own. A mark is one `nop`, behind one look at its name, when nobody
 * traces; there is nothing to link.
 *
 *     LEAKTRACE_BEGIN("parse");       from here to the END of the same thread; may be nested,
 *     ...                             and entered again and again
 *     LEAKTRACE_END();
 *
 *     LEAKTRACE_MARK("warm");         from here to the next mark, whatever thread runs
 *
 * Names are strings that end with a NUL; leaktrace reads up to 63 characters of them.
 *
 * The notes are SystemTap's (sys/sdt.h, version 3), provider "leaktrace", so that perf, bpftrace
 * and gdb know them as well.
 */
#ifndef LEAKTRACE_MARK_H
#define LEAKTRACE_MARK_H

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define LEAKTRACE_MARK_ARGUMENT(name) "D"(name)
#define LEAKTRACE_MARK_REGISTER "8@%%rdi"
#elif defined(__aarch64__) && (defined(__GNUC__) || defined(__clang__))
#define LEAKTRACE_MARK_ARGUMENT(name) "r"(leaktrace_mark_name)
#define LEAKTRACE_MARK_REGISTER "8@x0"
#endif

#ifdef LEAKTRACE_MARK_ARGUMENT
#define LEAKTRACE_MARK_NOTE(what, name)                                                            \
	__asm__ volatile("990: nop\n"                                                              \
			 ".pushsection .note.stapsdt,\"?\",\"note\"\n"                             \
			 ".balign 4\n"                                                             \
			 ".4byte 992f-991f, 994f-993f, 3\n"                                        \
			 "991: .asciz \"stapsdt\"\n"                                               \
			 "992: .balign 4\n"                                                        \
			 "993: .8byte 990b\n"                                                      \
			 ".8byte _.stapsdt.base\n"                                                 \
			 ".8byte 0\n"                                                              \
			 ".asciz \"leaktrace\"\n"                                                  \
			 ".asciz \"" what "\"\n"                                                   \
			 ".asciz \"" LEAKTRACE_MARK_REGISTER "\"\n"                                \
			 "994: .balign 4\n"                                                        \
			 ".popsection\n"                                                           \
			 ".ifndef _.stapsdt.base\n"                                                \
			 ".pushsection .stapsdt.base,\"aG\",\"progbits\",.stapsdt.base,comdat\n"   \
			 ".weak _.stapsdt.base\n"                                                  \
			 ".hidden _.stapsdt.base\n"                                                \
			 "_.stapsdt.base: .space 1\n"                                              \
			 ".size _.stapsdt.base, 1\n"                                               \
			 ".popsection\n"                                                           \
			 ".endif\n"                                                                \
			 :                                                                         \
			 : LEAKTRACE_MARK_ARGUMENT(name)                                           \
			 : "memory")
#else
#define LEAKTRACE_MARK_NOTE(what, name) ((void)(name))
#endif

#if defined(__aarch64__) && defined(LEAKTRACE_MARK_ARGUMENT)
#define LEAKTRACE_MARK_STATEMENT(what, name)                                                       \
	do {                                                                                       \
		register const char *leaktrace_mark_name __asm__("x0") = (name);                   \
		LEAKTRACE_MARK_NOTE(what, leaktrace_mark_name);                                    \
	} while (0)
#else
#define LEAKTRACE_MARK_STATEMENT(what, name)                                                       \
	do {                                                                                       \
		LEAKTRACE_MARK_NOTE(what, (const char *)(name));                                   \
	} while (0)
#endif

/* The name is read once, so that it is in memory: a tracer cannot fetch it from its file. */
#define LEAKTRACE_MARK_NAMED(what, name)                                                           \
	do {                                                                                       \
		const char *leaktrace_name = (name);                                               \
		(void)*(const volatile char *)leaktrace_name;                                      \
		LEAKTRACE_MARK_STATEMENT(what, leaktrace_name);                                    \
	} while (0)

#define LEAKTRACE_BEGIN(name) LEAKTRACE_MARK_NAMED("begin", name)
#define LEAKTRACE_END() LEAKTRACE_MARK_STATEMENT("end", 0)
#define LEAKTRACE_MARK(name) LEAKTRACE_MARK_NAMED("mark", name)

#endif
