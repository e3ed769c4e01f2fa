#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Small ELF files with call frame information of all sorts: seeds for fuzz_unwind.
#
#   tests/fuzz/seeds.sh FOLDER
set -eu

cd "$1"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cat >"$work/all.s" <<'EOF'
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
EOF
{ echo '.cfi_sections .debug_frame' && cat "$work/all.s"; } >"$work/debug.s"

link() { # OUTPUT SOURCE FLAG...
	output=$1
	source=$2
	shift 2
	gcc -nostdlib -static -Wl,-e,0,-z,noseparate-code,-z,noexecstack,--build-id=none "$@" \
		-o "$output" "$source"
}

link section "$work/all.s" -Wl,--no-eh-frame-hdr
link header "$work/all.s" -Wl,--eh-frame-hdr
link debug "$work/debug.s"
link compressed "$work/debug.s" -Wl,--compress-debug-sections=zlib
# Without section headers: e_shoff (at 40), e_shnum and e_shstrndx (at 60) are 0.
cp header segment
printf '\0\0\0\0\0\0\0\0' | dd of=segment bs=1 seek=40 conv=notrunc status=none
printf '\0\0\0\0' | dd of=segment bs=1 seek=60 conv=notrunc status=none
