#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Installs what leaktrace needs on Debian and Ubuntu. Quick and silent when all is
# there already; root is needed only when something is missing.
#
#   scripts/install-deps.sh [build|test|all|packages|builds|arm64]     (default: all)
#
# all is what build and test need; packages is for `make deb`, builds for `make test-builds`, arm64 for `make arm64`.
#
# a|b: the first of these packages that the distribution has.
set -eu
cd "$(dirname "$0")/.."

build_packages='
	gcc make pkg-config libc6-dev clang llvm bpftool|linux-tools-common
	libbpf-dev libelf-dev zlib1g-dev liblzma-dev libdw-dev libcapstone-dev uthash-dev libbsd-dev
	libjansson-dev libiberty-dev libncurses-dev libxml2-dev libbz2-dev
'

# Test frameworks and tools, then programs and allocators that tests trace, then lint.
test_packages='
	libclang-rt-14-dev libcmocka-dev python3 python3-pytest python3-pytest-xdist git gdb procps util-linux strace groff-base tmux
	valgrind heaptrack jq sqlite3 gawk perl xz-utils redis-server nginx-light|nginx
	libsqlite3-0 libssl3|libssl3t64 zlib1g
	python3-dev libcap2-bin python3-junitparser cmake npm|nodejs libnode-dev|nodejs libicu72|libicu74|libicu76
	debuginfod libdebuginfod1|libdebuginfod1t64
	g++ musl musl-dev musl-tools
	libjemalloc2 libjemalloc-dev libtcmalloc-minimal4|libtcmalloc-minimal4t64
	libmimalloc2.0|libmimalloc3
	clang-format clang-tidy cppcheck shellcheck
	qemu-system-x86 busybox-static cpio kmod gcc-aarch64-linux-gnu
'

packages_packages='
	debhelper dpkg-dev lintian
'

# Compilers beside the distribution's own.
builds_packages='
	gcc-12|gcc clang-14|clang clang-16|clang-17|clang-18 clang-19|clang-20|clang-21
'

# For its test programs, and its machine.
arm64_packages='
	g++-aarch64-linux-gnu qemu-system-arm
'

case "${1:-all}" in
build) wanted=$build_packages ;;
test) wanted=$test_packages ;;
all) wanted="$build_packages $test_packages" ;;
packages) wanted=$packages_packages ;;
builds) wanted=$builds_packages ;;
arm64) wanted=$arm64_packages ;;
*)
	echo 'usage: install-deps.sh [build|test|all|packages|builds|arm64]' >&2
	exit 2
	;;
esac

# One call for all of them: dpkg-query is slow to start.
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' | sed -n 's/^installed //p')

has_one_of() { # a|b
	printf '%s\n' "$installed" | grep -qxF "$(printf '%s' "$1" | tr '|' '\n')"
}

missing=
for package in $wanted; do
	has_one_of "$package" || missing="$missing $package"
done
first_known() { # a|b
	for package in $(printf '%s' "$1" | tr '|' ' '); do
		if apt-cache show --no-all-versions "$package" >/dev/null 2>&1; then
			echo "$package"
			return
		fi
	done
	echo "install-deps: no package $1 in this distribution's lists" >&2
	return 1
}

install_packages() { # a|b...
	if [ "$(id -u)" != 0 ]; then
		echo "install-deps: missing:$*" >&2
		echo 'install-deps: run as root (sudo) to install them' >&2
		exit 1
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q
	chosen=
	for package in "$@"; do
		chosen="$chosen $(first_known "$package")"
	done
	# shellcheck disable=SC2086 # a list of words
	apt-get install -q -y --no-install-recommends $chosen
}

# shellcheck disable=SC2086 # a list of words
[ -z "$missing" ] || install_packages $missing

# What reads SARIF, for the tests; it comes by npm alone.
case "${1:-all}" in
test | all)
	if [ ! -e build/tools/node_modules/@microsoft/sarif-multitool-linux ]; then
		mkdir -p build/tools
		npm install --silent --no-audit --no-fund --prefix build/tools @microsoft/sarif-multitool@5.7.0
	fi
	;;
esac
