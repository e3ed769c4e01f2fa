#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Builds the Debian package into BUILD: in a copy of the tree, since dpkg-buildpackage puts
# what it makes beside the tree it builds, and builds from nothing.
set -eu

cd "$(dirname "$0")/.."
build=$(realpath -m "${BUILD:-build}")
work=$build/deb

rm -rf "$work"
mkdir -p "$work/leaktrace"
tar -c --exclude-vcs --exclude=./build . | tar -x -C "$work/leaktrace"
(cd "$work/leaktrace" && env -u MAKEFLAGS -u MAKELEVEL -u BUILD dpkg-buildpackage -b -us -uc)
mv "$work"/*.deb "$build"
