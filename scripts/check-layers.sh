#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Holds the shape of src/: who may include whom, who may write where, how long a
# file may be. Prints every breach, fails when there is one.
#
#   scripts/check-layers.sh [FOLDER]     (default: the project's top folder)
set -eu

cd "${1:-$(dirname "$0")/..}"

# LAYER: what it may include. A layer is a folder of src/; of the files beside the
# folders main.c and options*.c are layers of their own, all others are the session.
# A name with a dot is a single header. Each may include itself and util.
layers='
main:     options session
session:  options trace symbols analyze report model elf live memory reach suppress
options:  analyze model/kind.h model/snapshot.h trace/attach_mode.h memory/reader.h reach/graph.h wire.h
memory:   trace reach model wire.h
trace:    wire.h model elf unwind reach
symbols:  model elf
unwind:   elf wire.h
report:   model analyze suppress
live:     model analyze report suppress
reach:
analyze:  model suppress
suppress: model
model:
elf:
util:
'

# PREFIX of a system header: the layers that may include it.
libraries='
bpf/       trace
capstone/  trace
elfutils/  symbols elf
dwarf.h    symbols unwind
libelf.h   elf symbols trace
gelf.h     elf symbols trace unwind
jansson.h  report
libxml/    report
argp.h     options
curses.h   live
pty.h      session
'

skeleton=leaktrace.skel.h
skeleton_user=src/trace/tracer.c
max_lines=450
max_main_lines=60

code() { # FILE without comments, one line each as it was
	gcc -w -fpreprocessed -dD -E -P -x c "$1"
}

includes() {
	grep -EHo '^#include *["<][^">]+' "$@" | sed 's/:#include */ /'
}

check_includes() {
	includes "$@" | awk -v layers="$layers" -v libraries="$libraries" \
		-v skeleton="$skeleton" -v skeleton_user="$skeleton_user" '
	function layer_of(path, parts) {
		sub(/^src\//, "", path)
		if (split(path, parts, "/") > 1)
			return parts[1]
		sub(/[._].*/, "", path)
		return path == "main" || path == "options" ? path : "session"
	}
	function breach(why) {
		print FILE ": includes " header ": " why
		failed = 1
	}
	BEGIN {
		count = split(layers, rows, "\n")
		for (i = 1; i <= count; i++) {
			if (!split(rows[i], words))
				continue
			sub(/:/, "", words[1])
			known[words[1]] = 1
			allowed[words[1], words[1]] = allowed[words[1], "util"] = 1
			for (j = 2; j in words; j++)
				allowed[words[1], words[j]] = 1
			delete words
		}
		count = split(libraries, rows, "\n")
		for (i = 1; i <= count; i++)
			if (split(rows[i], words))
				library[words[1]] = rows[i] " "
	}
	{
		FILE = $1
		own = substr($2, 1, 1) == "\""
		header = substr($2, 2)
		from = layer_of(FILE)
		if (!(from in known))
			breach("layer \"" from "\" is not in the table")
		else if (header == skeleton) {
			if (FILE != skeleton_user)
				breach("only " skeleton_user " knows the skeleton")
		} else if (own) {
			to = layer_of(header)
			if (!((from, to) in allowed) && !((from, header) in allowed))
				breach("layer " from " may not know it")
		} else {
			for (prefix in library)
				if (index(header, prefix) == 1 && \
				    !index(library[prefix], " " from " "))
					breach("layer " from " may not know this library")
		}
	}
	END { exit failed }'
}

# PATTERN WHY FILE...: fails where the code (without comments and strings) has it.
forbid() {
	pattern=$1
	why=$2
	shift 2
	for file; do
		if code "$file" | sed 's/"[^"]*"//g' | grep -Eq "$pattern"; then
			echo "$file: $why"
			failed=1
		fi
	done
}

check_output() {
	# shellcheck disable=SC2046 # a list of words
	forbid '(^|[^_[:alnum:]])(v?printf|puts|putchar|perror)[[:space:]]*\(' \
		'writes to standard output or error: report/ and util/log.c do that' \
		$(find src -name '*.[ch]' ! -path 'src/report/*' ! -path src/options.c)
	# The session chooses the report's stream, and does not write to it.
	# shellcheck disable=SC2046
	forbid '(^|[^_[:alnum:]])(stdout|stderr)([^_[:alnum:]]|$)' \
		'uses stdout or stderr: report/ and util/log.c do that' \
		$(find src/*/ src/main.c -name '*.[ch]' ! -path 'src/report/*' ! -path src/util/log.c)
}

check_lengths() {
	find src -name '*.c' -exec wc -l {} + | awk -v max="$max_lines" '
	$2 != "total" && $1 > max { print $2 ": " $1 " lines, more than " max; failed = 1 }
	END { exit failed }' || failed=1
	[ -e src/main.c ] || return 0
	lines=$(awk '/^int main\(/ { from = NR } from && /^}/ { print NR - from + 1; exit }' src/main.c)
	if [ "${lines:-0}" -gt "$max_main_lines" ]; then
		echo "src/main.c: main() has $lines lines, more than $max_main_lines"
		failed=1
	fi
}

failed=0
# shellcheck disable=SC2046 # no blanks in the project's file names
check_includes $(find src -name '*.[ch]') || failed=1
check_output
check_lengths
exit $failed
