#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Small true examples of what a fuzz target is given: what it begins with.
#
#   tests/fuzz/seeds.sh TARGET FOLDER TOOLS     (TOOLS: where make_recording is)
set -eu

root=$(cd "$(dirname "$0")/../.." && pwd)
tools=$(cd "$3" && pwd)
cd "$2"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ---- ELF files -----------------------------------------------------------------------

link() { # OUTPUT SOURCE FLAG...
	output=$1
	source=$2
	shift 2
	gcc -nostdlib -static -Wl,-e,0,-z,noseparate-code,-z,noexecstack,--build-id=none "$@" \
		-o "$output" "$source"
}

# One for each way in: .eh_frame by section and by segment, .debug_frame plain and
# compressed, signal frames and expressions.
seeds_unwind() {
	cat >"$work/all.s" <<'EOS'
f:
.cfi_startproc
nop
.cfi_def_cfa_offset 16
.cfi_offset rbp,-16
nop
.cfi_def_cfa_register rbp
nop
.cfi_remember_state
.cfi_escape 0x0f,3,0x76,0x78,6
.cfi_escape 0x10,6,2,0x76,0
nop
.cfi_restore_state
.cfi_escape 0x0f,11,0x77,8,0x80,0,0x3f,0x1a,0x3b,0x2a,0x33,0x24,0x22
nop
.cfi_def_cfa r10,0
nop
.cfi_endproc
signal:
.cfi_startproc
.cfi_signal_frame
.cfi_escape 0x0f,4,0x77,0xa0,0x01,6
.cfi_escape 0x10,16,3,0x77,0xa8,0x01
.cfi_escape 0x10,6,3,0x77,0xf8,0x00
nop
.cfi_endproc
start:
.cfi_startproc
nop
.cfi_undefined rip
nop
.cfi_endproc
EOS
	{ echo '.cfi_sections .debug_frame' && cat "$work/all.s"; } >"$work/debug.s"
	link section "$work/all.s" -Wl,--no-eh-frame-hdr
	link header "$work/all.s" -Wl,--eh-frame-hdr
	link debug "$work/debug.s"
	link compressed "$work/debug.s" -Wl,--compress-debug-sections=zlib
	# Without section headers: e_shoff (at 40), e_shnum and e_shstrndx (at 60) are 0.
	cp header segment
	printf '\0\0\0\0\0\0\0\0' | dd of=segment bs=1 seek=40 conv=notrunc status=none
	printf '\0\0\0\0' | dd of=segment bs=1 seek=60 conv=notrunc status=none
}

# A library with an allocator, an operator that hands on to it, a mark, suppressions.
write_library() {
	cat >"$work/library.c" <<'EOS'
#include "leaktrace/mark.h"
extern void free(void *), *realloc(void *, unsigned long);
static char heap[64];
static int used;
static inline __attribute__((always_inline)) char *take(int size)
{
	used += size;
	return heap + used % 64;
}
void *malloc(unsigned long size)
{
	return take(size > 8 ? (int)size : 8);
}
void my_free(void *block)
{
	used -= block != (void *)0;
}
void my_malloc(int size)
{
	LEAKTRACE_BEGIN("work");
	used = *take(size);
	LEAKTRACE_END();
}
void _ZdlPv(void *block)
{
	free(block);
}
void *calloc(unsigned long count, unsigned long size)
{
	return realloc(0, count * size);
}
__attribute__((visibility("hidden"))) const char *__lsan_default_suppressions(void)
{
	return "leak:known\n";
}
EOS
}

library() { # OUTPUT FLAG...
	output=$1
	shift
	gcc -shared -fPIC -nostdlib -fno-builtin -I"$root/include" -Wl,-z,noseparate-code \
		-Wl,--build-id=0xabcdef01 -Wl,-soname,libsmall.so -Wl,-rpath,/opt "$@" \
		-o "$output" "$work/library.c"
}

seeds_probes() {
	write_library
	library fast -O2
	library slow -O0 -fcf-protection -Wl,-z,now
	library stripped -O1 -s
}

seeds_elf() {
	seeds_probes
	printf 'int main(void) { return 0; }' >"$work/main.c"
	gcc -Os -s -Wl,-z,noseparate-code -o program "$work/main.c"
	# Symbols in a file in the file.
	objcopy --only-keep-debug --remove-section .debug_info fast "$work/mini" 2>/dev/null
	xz -q "$work/mini"
	objcopy --strip-all --add-section .gnu_debugdata="$work/mini.xz" fast mini
	objcopy --add-gnu-debuglink=fast stripped linked
}

seeds_dwarf() {
	write_library
	for version in 2 4 5; do
		library "dwarf$version" -O2 -g "-gdwarf-$version" -gstrict-dwarf
	done
	library types -O1 -g -fdebug-types-section
	library compressed -O2 -g -gz
	library split -O2 -g -gsplit-dwarf
	objcopy --only-keep-debug dwarf5 "$work/debug"
	objcopy --strip-debug --add-gnu-debuglink="$work/debug" dwarf5 linked
	printf 'other\0\1\2\3\4\5\6\7\10' >"$work/alt"
	objcopy --add-section .gnu_debugaltlink="$work/alt" dwarf4 alt
}

# ---- text ----------------------------------------------------------------------------

seeds_maps() {
	head -n 12 /proc/self/maps >own
	cat >some <<'EOS'
00400000-00452000 r-xp 00000000 08:02 173521                             /usr/bin/dbus-daemon
00651000-00652000 r--p 00051000 08:02 173521                             /usr/bin/dbus-daemon
00652000-00655000 rw-p 00052000 08:02 173521                             /usr/bin/dbus-daemon
00655000-00656000 rw-p 00000000 00:00 0
00e03000-00e24000 rw-p 00000000 00:00 0                                  [heap]
35b1a00000-35b1a20000 r-xp 00000000 08:02 135522                         /usr/lib/ld-2.15.so
35b1c00000-35b1c01000 rw-s 00000000 00:01 7                              /dev/zero (deleted)
f2c6ff8c000-7f2c7078c000 ---p 00000000 00:00 0
7f2c7078c000-7f2c7178c000 rw-p 00000000 00:00 0
7f2c7178c000-7f2c7178d000 r--p 00000000 08:02 9                          /two\012lines
7fffb2c0d000-7fffb2c2e000 rw-p 00000000 00:00 0                          [stack]
7fffb2d48000-7fffb2d49000 r-xp 00000000 00:00 0                          [vdso]
EOS
}

seeds_resources() {
	cp "$root"/share/resources/*.res .
	cat >all.res <<'EOS'
kind widget noun=big_widget nouns=widgets bytes # a comment
object libwidget.so* widgetd
acquire widget_new handle=return size=arg2*arg3 ok=nonzero
acquire widget_open handle=*arg5 ok=notminusone
resize widget_grow handle=arg1 size=arg2
release widget_free handle=arg2 ok=positive
release widget_close handle=arg1 ok=nonnegative
release widget_end handle=arg1 ok=any
EOS
}

seeds_suppressions() {
	cat >valgrind <<'EOS'
# a comment
{
   name
   Memcheck,Other:Leak
   match-leak-kinds: definite, possible
   fun:*alloc
   ...
   obj:/usr/lib/lib?.so*
   src:main.c:17
   fun:main
}
{
   descriptors
   CoreError:FdNotClosed
   fun:open*
}
{
   other
   Memcheck:Param
   write(buf)
   fun:a
}
EOS
	printf 'leak:^known$\nleak:*a*\nfd:open\nmmap:lib.so\nrace:x\n' >lsan
	for file in valgrind lsan; do
		printf '\0malloc\ncopy(int)\n/usr/lib/libx.so\nmain.c\nmain\nopenat\n' >>"$file"
	done
	# Many stars against a long name; many gaps against a deep stack.
	{
		printf 'leak:'
		printf '*a%.0s' $(seq 200)
		printf 'b\n\0'
		for _ in 1 2 3 4 5; do
			printf 'a%.0s' $(seq 400)
			printf '\n'
		done
	} >stars
	{
		printf '{\n x\n leaktrace:heap\n'
		printf '...\nfun:*a*\n%.0s' $(seq 100)
		printf 'fun:b\n}\n\0'
		printf 'aaaaaaaa\n%.0s' $(seq 120)
	} >gaps
}

seeds_options() {
	number=0
	for text in 17,42 heap,fd 10.5s 64KiB 100k definite,possible stdstring,newarray dwarf \
		heap:definite,possible\>1MB heap:any\>'100 blocks' growth fd heap=1KB,fd=2 \
		1m:5%:10%,5m:10.5%:15%,15%:20% no all; do
		number=$((number + 1))
		printf '%s' "$text" >"$number"
	done
}

seeds_demangle() {
	printf '_ZN4shop3boxIlE4fillElPKc' >cplusplus
	printf '_ZZ4mainENKUlT_E_clIiEEDaS_' >lambda
	printf '_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE' >legacy
	printf '_RNvNtCs1234_7mycrate3foo3bar' >rust
	printf '_RINvNtC3std3mem8align_ofNtNtC3std3mem12DiscriminantE' >generic
	printf '_RNvMINtC7mycrate3FoopEFG_RL0_hEuNvB2_3bar' >inherent
	printf '_RNvXs_C7mycrateINtB4_3BarKj1f_ENtB4_5Trait3foo' >constant
	printf '_Z1fDpS_ISt4pairIS_S_EEPFvvEM1AFivEA10_KiRVdOz' >types
}

# ---- compilers ------------------------------------------------------------------------

seeds_perfmap() {
	printf '400000 20 first\n400010 8 inner name\r\n7f0000001000 ffff py::f\n0 0 none\nx\n' >map
	printf '10 ffffffffffffffff endless\nfffffffffffffff0 8 high\n' >edges
}

seeds_jitdump() {
	# The header of 40 bytes, then two functions and a record of another sort.
	{
		printf 'DTiJ\1\0\0\0\50\0\0\0\76\0\0\0'
		printf '\0\0\0\0\7\0\0\0\1\2\3\4\5\6\7\10\0\0\0\0\0\0\0\0'
		for place in '\020' '\030'; do
			printf '\0\0\0\0\76\0\0\0\1\0\0\0\0\0\0\0\7\0\0\0\7\0\0\0'
			printf '\0%b\0\0\0\0\0\0\0%b\0\0\0\0\0\0' "$place" "$place"
			printf '\20\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0name\0\303'
		done
		printf '\2\0\0\0\20\0\0\0\1\0\0\0\0\0\0\0'
	} >dump
}

# ---- others ---------------------------------------------------------------------------

seeds_files() {
	# As struct wire_file: inode, file, mode and dev, socket, ports, addresses, path.
	record() { # OUTPUT MODE SOCKET PATH-BYTES PATH
		{
			printf '\21\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0%b\0\0\0\0\0\0' "$2"
			printf '%b' "$3"
			printf '\120\0\210\23\177\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0'
			printf '\177\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0%b\0\0\0\0\0\0\0%b' "$4" "$5"
		} >"$1"
	}
	record regular '\0\0200' '\0\0\0\0\0\0\0\0' '\013' 'passwd\0etc\0'
	record deleted '\0\0200' '\0\0\0\0\0\0\0\01' '\010' 'memfd:x\0'
	record pipe '\0\020' '\0\0\0\0\0\0\0\0' '\0' ''
	record tcp '\0\0300' '\02\0\01\0\06\0\01\0' '\0' ''
	record unix '\0\0300' '\01\0\01\0\0\0\01\0' '\013' '/run/x.sock'
}

# The unpacked content: in the file a checksum guards it.
seeds_recording() {
	"$tools/make_recording" "$work/small"
	"$tools/make_recording" "$work/rich" rich
	for file in small rich; do
		gzip -dc <"$work/$file" >"$file"
	done
}

word() { # NUMBER: 64 bits, the lowest first
	for shift in 0 8 16 24 32 40 48 56; do
		printf '%b' "\\0$(printf '%03o' $(($1 >> shift & 255)))"
	done
}

words() { # NUMBER...
	for number in "$@"; do
		word "$number"
	done
}

# glibc's main arena at the start of a module's data: empty lists, each its own head, and the
# arena itself behind them; an ended thread's control block in its end.
write_module() {
	base=$((0x200000000000))
	words 0 1 $((base + 8192 + 656)) 0 0 0 0 0 0 0 0 0 0 0
	for i in $(seq 14 2 266); do
		words $((base + i * 8 - 16)) $((base + i * 8 - 16))
	done
	words 0 0 $base 0 1 135168 135168
	head -c 5936 /dev/zero
	words $((base + 8136)) $((base + 8224)) $((base + 8136)) 0 0 0 0
}

# Chunks: a thread's cache, in use, free, in use, and what was not given out yet.
write_heap() { # ADDRESS
	words 0 657 0 0
	head -c 624 /dev/zero
	words 0 33 "$(($1 + 32))" 2 0 65 3 4 5 6 7 8 64 32 1 2 0 7409 0 0
}

seeds_heap() {
	write_module >module
	{
		write_module
		write_heap $((base + 8192))
	} >main
	{
		head -c 16384 main
		head -c $((16384 - $(stat -c %s main))) /dev/zero
		words $((base + 67108896)) 0 8192 8192
		head -c 2192 /dev/zero
		write_heap $((base + 67111120))
	} >other
}

"seeds_$1"
