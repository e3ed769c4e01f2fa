#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Checks that the documents tell of every option that `leaktrace --help` names: the
# manual of each of them with its short form, and the completions of the three
# shells; the manual has an example of each. And the other way round: the manual has no option that does not exist.
#
#   scripts/check-options.sh PROGRAM
set -eu

program=$(realpath "${1:?PROGRAM}")
cd "$(dirname "$0")/.."

# "-p --pid" or "--top": short and long option of each line of the help.
options=$("$program" --help |
	sed -nE 's/^ +(-[[:alnum:]], )?(--[a-z-]+).*/\1\2/p' | tr -d ,)
[ -n "$options" ] || { echo 'check-options: --help names no option'; exit 1; }

failed=0
missing() { # FILE OPTION
	echo "$1: nothing about $2"
	failed=1
}

manual=$(sed 's/\\-/-/g' man/leaktrace.1)
has() { # TEXT WORD: WORD is there, not as a part of a longer one
	printf '%s\n' "$1" | grep -Eq -e "(^|[^[:alnum:]-])$2([^[:alnum:]-]|\$)"
}

examples=$(printf '%s\n' "$manual" | sed -n '/^\.SH EXAMPLES/,/^\.SH SEE/p' | grep '^\.B ')

while read -r line; do
	# One of its forms; help and version explain themselves.
	found=
	for option in $line; do
		has "$examples" "$option" && found=yes
	done
	case $line in
	*--help | *--version) ;;
	*) [ -n "$found" ] || missing "man/leaktrace.1, EXAMPLES" "$line" ;;
	esac
	for option in $line; do
		has "$manual" "$option" || missing man/leaktrace.1 "$option"
		has "$(cat completions/leaktrace.bash)" "$option" ||
			missing completions/leaktrace.bash "$option"
		has "$(cat completions/_leaktrace)" "$option" ||
			missing completions/_leaktrace "$option"
		case $option in
		--*) flag="-l ${option#--}" ;;
		*) flag="-s ${option#-}" ;;
		esac
		has "$(cat completions/leaktrace.fish)" "$flag" ||
			missing completions/leaktrace.fish "$option"
	done
done <<END
$options
END

# What the manual's lists of options define must be taken by the program: with a
# value missing or superfluous it complains of that, not of the option.
for option in $(printf '%s\n' "$manual" | grep -E '^\.B[RI]? -' | grep -Eo -e '--[a-z-]+' | sort -u); do
	if "$program" "$option" --help 2>&1 </dev/null | grep -q 'unrecognized option'; then
		echo "man/leaktrace.1: leaktrace has no $option"
		failed=1
	fi
done
exit $failed
