#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# All checks of the source that run nothing of it. Goes on after a failure, so
# that one run shows all; fails when any check did.
#
#   scripts/lint.sh [CHECK...]     (default: all of them; names: see below)
set -u

cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build}
packages='libbpf libelf zlib libdw capstone jansson libxml-2.0'

compile_flags() {
	# shellcheck disable=SC2046,SC2086 # lists of words
	echo -std=gnu17 -D_GNU_SOURCE -Isrc -Iinclude "-I$build" '-DLEAKTRACE_VERSION="0"' \
		$(pkg-config --cflags $packages)
}

c_files() {
	find src bpf include tests \( -name '*.[ch]' -o -name '*.cc' \) -print
}

lint_format() {
	c_files | xargs clang-format --dry-run -Werror
}

lint_tidy() {
	if [ ! -e "$build/leaktrace.skel.h" ]; then
		echo "$build/leaktrace.skel.h, which tracer.c includes, is missing: run make first"
		return 1
	fi
	# Findings come on standard output, counts of what was left out on standard error.
	# shellcheck disable=SC2046 # a list of words
	find src -name '*.c' -print0 | xargs -0 -P "$(nproc)" -I '{}' \
		clang-tidy --quiet '{}' -- $(compile_flags) 2>/dev/null
}

# cppcheck does not read system headers: macros that make syntax are given by hand.
# Left out is what it misreads: "a ?: b", formats that are no literals (gcc checks
# them), and ownership behind an error code (the sanitizers find leaks).
lint_cppcheck() {
	cppcheck --quiet --error-exitcode=1 --std=c11 --language=c --inline-suppr \
		--enable=warning,performance,portability --suppress=missingIncludeSystem \
		--suppress=selfAssignment --suppress=wrongPrintfScanfArgNum --suppress=memleak \
		-D_GNU_SOURCE -D__x86_64__ '-DLEAKTRACE_VERSION="0"' \
		'-DHASH_ITER(hh,head,item,next)=while ((item = head))' \
		'-DLIBBPF_OPTS(type,name,...)=struct type name = { __VA_ARGS__ }' \
		-Isrc -Iinclude src
}

lint_shell() {
	# shellcheck disable=SC2046 # a list of words
	shellcheck $(find scripts tests -name '*.sh') .ci/run
}

lint_python() {
	find scripts tests -name '*.py' -print0 |
		xargs -0 "${PYTHON:-/usr/bin/python3}" -c '
import ast, sys
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as source:
        ast.parse(source.read(), path)'
}

lint_manual() {
	warnings=$(groff -man -ww -z -Tutf8 man/leaktrace.1 2>&1)
	[ -z "$warnings" ] || { echo "$warnings"; return 1; }
}

lint_options() {
	scripts/check-options.sh "$build/leaktrace"
}

lint_layers() {
	scripts/check-layers.sh
}

failed=
for check in "${@:-format tidy cppcheck shell python manual options layers}"; do
	for name in $check; do
		printf '  %-8s %s\n' LINT "$name"
		"lint_$name" || failed="$failed $name"
	done
done
if [ -n "$failed" ]; then
	echo "lint: failed:$failed" >&2
	exit 1
fi
