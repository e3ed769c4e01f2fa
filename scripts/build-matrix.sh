#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds leaktrace with each pair of compilers, in a folder of its own below BUILD/matrix, and
# has the kernel verify what came out: a line each, with the programs that it took, and how many
# instructions it looked at for them. Needs root.
#
#   scripts/build-matrix.sh [COMPILER...]     (default: all that there are)
#
# With names: the pairs that have one of them, which must be there.
set -u

cd "$(dirname "$0")/.." || exit 1
build=${BUILD:-build}
program=$build/tests/programs/basic
leak='1,080 bytes) in 12 blocks definitely lost'

# What compiles the user side, and what the BPF programs.
pairs='
gcc-12   clang-14
gcc-12   clang-16
gcc-12   clang-19
clang-14 clang-14
'

# With the default, and -p, they load every program.
ways='--attach single
--attach multi --scan-way program --call work
--growth --events pages'

# The first that is missing; status 1 when all are there.
missing() { # COMPILER...
	for compiler in "$@"; do
		command -v "$compiler" >/dev/null || { echo "$compiler"; return; }
	done
	return 1
}

# The command looks at what leaktrace, its parent, holds: it runs when all programs were taken.
trace() { # FOLDER OPTION...
	folder=$1
	shift
	# shellcheck disable=SC2016 # the command's own
	"$folder/leaktrace" "$@" -- sh -c 'cat /proc/$PPID/fdinfo/* >"$0"; exec "$1"' "$folder/now" "$program"
	cat "$folder/now" >>"$folder/held" && rm "$folder/now"
}

attach() { # FOLDER
	"$1/leaktrace" -p $$ -d 2 &
	sleep 1
	cat "/proc/$!/fdinfo/"* >>"$1/held"
	wait $!
}

# A program is known by its tag; a way that looks at more of it counts.
verified() { # HELD
	awk '/^prog_tag:/ { tag = $2 }
		/^verified_insns:/ && $2 > most[tag] { most[tag] = $2 }
		END { for (tag in most) { programs++; sum += most[tag] }
			printf "%d programs, %d instructions verified\n", programs, sum }' "$1"
}

check() { # FOLDER CC CLANG
	: >"$1/held"
	env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -j "$(nproc)" BUILD="$1" CC="$2" CLANG="$3" || return
	trace "$1" >"$1/report" 2>&1 && grep -F "$leak" "$1/report" || return
	attach "$1" || return
	echo "$ways" | while read -r options; do
		# shellcheck disable=SC2086 # a list of words
		trace "$1" $options </dev/null || exit 1
	done
}

if [ "$(id -u)" != 0 ]; then
	echo 'build-matrix: tracing needs root: sudo make test-builds' >&2
	exit 1
fi
if name=$(missing "$@"); then
	echo "build-matrix: there is no $name: scripts/install-deps.sh builds" >&2
	exit 1
fi
echo "$pairs" | {
	status=0
	while read -r cc clang; do
		case " ${*:-$cc} " in
		*" $cc "* | *" $clang "*) [ "$cc" ] || continue ;;
		*) continue ;;
		esac
		folder=$build/matrix/$cc-$clang
		mkdir -p "$folder"
		if name=$(missing "$cc" "$clang"); then
			result="left out: there is no $name"
		elif check "$folder" "$cc" "$clang" >"$folder/log" 2>&1 </dev/null; then
			result="ok      $(verified "$folder/held")"
		else
			result="failed  see $folder/log"
			status=1
		fi
		printf '%-9s %-9s %s\n' "$cc" "$clang" "$result"
	done
	exit "$status"
}
