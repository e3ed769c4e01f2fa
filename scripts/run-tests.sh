#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# run-tests.sh [unit|fuzz|e2e|packages|all]: builds what is needed, runs it, and counts. The last
# line is "N passed, N failed", with ", N skipped" when there are some. The status
# is 0 when something ran and nothing failed.

set -u
cd "$(dirname "$0")/.." || exit 1

BUILD=${BUILD:-build}
PYTHON=${PYTHON:-/usr/bin/python3}
export BUILD

passed=0
failed=0
skipped=0
log=$(mktemp)
junit=$(mktemp)
trap 'rm -f "$log" "$junit"' EXIT

build() {
	make --no-print-directory BUILD="$BUILD" -j "$(nproc)" "$@" && return 0
	echo "run-tests: make $* failed"
	failed=$((failed + 1))
	return 1
}

# cmocka writes a failed or skipped test where it ran and again in its summary.
count() {
	grep "^\[ *$1 *\] [A-Za-z0-9_]*\$" "$log" | sort -u | wc -l
}

# A test program that ends badly without a failed test of its own (a crash, a
# sanitizer's report) is a failure, too.
run_unit() {
	local binary status failures
	build unit-tests || return
	for binary in "$BUILD"/tests/unit/test_*; do
		if [ ! -f "$binary" ] || [ ! -x "$binary" ]; then
			continue
		fi
		"$binary" >"$log" 2>&1
		status=$?
		failures=$(count FAILED)
		[ "$status" -ne 0 ] && [ "$failures" -eq 0 ] && failures=1
		passed=$((passed + $(count OK)))
		skipped=$((skipped + $(count SKIPPED)))
		failed=$((failed + failures))
		if [ "$status" -ne 0 ]; then
			echo "FAILED: $binary (status $status)"
			cat "$log"
		fi
	done
}

# "passed failed skipped" of a junit file; a run that wrote none has failed.
read_junit() {
	"$PYTHON" - "$junit" <<'EOF'
import sys
import xml.etree.ElementTree as tree

try:
    suites = list(tree.parse(sys.argv[1]).iter("testsuite"))
except (OSError, tree.ParseError):
    suites = []
total = {key: sum(int(suite.get(key, 0)) for suite in suites) for key in ("tests", "failures", "errors", "skipped")}
bad = total["failures"] + total["errors"]
if not suites:
    bad = 1
print(max(0, total["tests"] - bad - total["skipped"]), bad, total["skipped"])
EOF
}

run_pytest() { # ARGUMENT...
	local good bad none status
	"$PYTHON" -B -m pytest -p no:cacheprovider -q -rsx --junitxml="$junit" "$@"
	status=$?
	read -r good bad none < <(read_junit)
	[ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
	passed=$((passed + good))
	failed=$((failed + bad))
	skipped=$((skipped + none))
}

# Most of the time tests wait for something: four at a time, a file of them after the other. What
# looks at figures as time goes by has the machine for itself.
run_e2e() {
	build all programs || return
	run_pytest -n 4 --dist loadfile --ignore tests/e2e/test_live.py tests/e2e
	run_pytest tests/e2e/test_live.py
}

# leaktrace for arm64, while others wait. Debian's packages for it must be there to be had.
begin_arm64() {
	nice make --no-print-directory BUILD="$BUILD" arm64-build >"$BUILD/arm64.log" 2>&1 &
	arm64=$!
}

end_arm64() {
	if wait "$arm64"; then
		passed=$((passed + 1))
	elif [ ! -e "$BUILD/arm64/packages" ]; then
		skipped=$((skipped + 1))
		echo "SKIPPED: arm64: its packages cannot be had:"
		tail -n 3 "$BUILD/arm64.log"
	else
		failed=$((failed + 1))
		echo "FAILED: make arm64-build"
		tail -n 40 "$BUILD/arm64.log"
	fi
}

# A choice of them under other kernels.
run_kernels() {
	local counts good bad none
	build all programs || return
	"$PYTHON" -B tests/kernels/kernels.py --quick --seconds 1500 >"$log" 2>&1
	cat "$log"
	counts=$(sed -nE '$s/^([0-9]+) passed, ([0-9]+) failed, ([0-9]+) skipped$/\1 \2 \3/p' "$log")
	read -r good bad none <<<"${counts:-0 1 0}"
	passed=$((passed + good))
	failed=$((failed + bad))
	skipped=$((skipped + none))
}

# Each for a short time, one per CPU: `make fuzz-NAME FUZZ_SECONDS=...` goes on from where it ended.
run_fuzz() {
	local source target
	local -A running
	build fuzz-build || return
	for source in tests/fuzz/fuzz_*.c; do
		target=$(basename "$source" .c)
		target=fuzz-${target#fuzz_}
		while [ "$(jobs -rp | wc -l)" -ge "$(nproc)" ]; do
			wait -n
		done
		make --no-print-directory BUILD="$BUILD" FUZZ_SECONDS=4 "$target" >"$BUILD/$target.log" 2>&1 &
		running[$target]=$!
	done
	for target in "${!running[@]}"; do
		if wait "${running[$target]}"; then
			passed=$((passed + 1))
		else
			failed=$((failed + 1))
			echo "FAILED: make $target"
			tail -n 40 "$BUILD/$target.log"
		fi
	done
}

case "${1:-all}" in
unit) run_unit ;;
fuzz) run_fuzz ;;
e2e) run_e2e ;;
packages) run_pytest tests/packages ;;
all)
	run_unit
	run_fuzz
	begin_arm64
	run_e2e
	end_arm64
	run_kernels
	;;
*)
	echo "usage: run-tests.sh [unit|fuzz|e2e|packages|all]" >&2
	exit 2
	;;
esac

summary="$passed passed, $failed failed"
[ "$skipped" -gt 0 ] && summary="$summary, $skipped skipped"
echo "$summary"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
