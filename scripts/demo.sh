#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds a small program with two leaks and shows what leaktrace says about it.
# Needs root and build/leaktrace (`sudo make demo` does it all).
set -eu

cd "$(dirname "$0")/.."
build=${BUILD:-build}
program=$build/demo/demo

if [ "$(id -u)" != 0 ]; then
	echo 'demo: tracing needs root: sudo make demo' >&2
	exit 1
fi
if [ ! -x "$build/leaktrace" ]; then
	echo "demo: $build/leaktrace is not built: run make first" >&2
	exit 1
fi

mkdir -p "$build/demo"
${CC:-gcc} -std=gnu17 -D_GNU_SOURCE -g -O1 -fno-builtin -fno-omit-frame-pointer \
	-fno-optimize-sibling-calls -o "$program" tests/programs/demo.c

printf '\n$ leaktrace %s        (source: tests/programs/demo.c)\n\n' "$program"
exec "$build/leaktrace" -- "$program"
