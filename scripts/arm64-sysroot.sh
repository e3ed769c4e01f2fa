#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Unpacks Debian's arm64 packages into BUILD/arm64/root, by the mirror that apt is set to: what
# leaktrace is linked with, and the programs that tests/kernels/vm.py runs it with. Nothing of the
# machine's own package system is touched, no root needed. Quick when it has been done.
#
#   scripts/arm64-sysroot.sh [link]     link: only what leaktrace is linked with
set -eu

cd "$(dirname "$0")/.."
build=${BUILD:-build}
case $build in /*) ;; *) build=$(pwd)/$build ;; esac
here=$build/arm64
root=$here/root

link_packages='
	libc6-dev linux-libc-dev libstdc++-12-dev libbpf-dev libelf-dev zlib1g-dev liblzma-dev libdw-dev
	libcapstone-dev uthash-dev libbsd-dev libjansson-dev libiberty-dev libncurses-dev libxml2-dev libbz2-dev
	libcmocka-dev
'
run_packages='
	base-passwd bash bpftool libc6-dbg coreutils dash findutils grep sed util-linux procps kmod busybox-static
	python3 python3-pytest python3-junitparser perl-base jq sqlite3 xz-utils strace libjemalloc2 linux-image-arm64
'

# Lists and packages of its own; nothing counts as installed.
apt() { # COMMAND...
	apt-get -q -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User=root \
		-o Dir::State="$here/apt" -o Dir::Cache="$here/apt" -o Dir::State::status="$here/apt/status" \
		-o APT::Install-Recommends=false -o Debug::NoLocking=true "$@"
}

# Kept beside the root once that is complete.
# shellcheck disable=SC2086,SC2116 # lists of words
all_packages=$(echo $link_packages $run_packages)
packages=$all_packages
# shellcheck disable=SC2086,SC2116
[ "${1:-}" != link ] || packages=$(echo $link_packages)
there=$(cat "$here/packages" 2>/dev/null || :)
if [ "$there" = "$packages" ] || [ "$there" = "$all_packages" ]; then
	exit 0
fi
rm -rf "$root" "$here/apt"
mkdir -p "$here/apt/lists/partial" "$here/apt/archives/partial" "$root/usr"
: >"$here/apt/status"
apt update
# shellcheck disable=SC2086 # a list of words
apt install -y --download-only $packages

# Debian has these folders in /usr, and packages that have not heard of it.
for folder in bin sbin lib; do
	mkdir "$root/usr/$folder"
	ln -s "usr/$folder" "$root/$folder"
done
for package in "$here"/apt/archives/*.deb; do
	dpkg-deb --fsys-tarfile "$package" | tar -x -C "$root" --keep-directory-symlink --no-same-owner
done
# Absolute links would lead out of it.
find "$root" -type l -lname '/*' | while read -r link; do
	ln -sfrn "$root$(readlink "$link")" "$link"
done
if [ "$packages" = "$all_packages" ]; then
	# What packages' scripts would have made.
	for name in passwd group; do
		cp "$root/usr/share/base-passwd/$name.master" "$root/etc/$name"
	done
	/sbin/depmod -b "$root" "$(ls "$root/lib/modules")"
fi
rm -rf "$here/apt"
printf '%s\n' "$packages" >"$here/packages"
