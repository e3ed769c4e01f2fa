#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Regenerates vmlinux.h: the few kernel types that the BPF programs use, from the
# BTF of the running kernel (or of the BTF file given). The table of types is in
# gen_vmlinux.py. No root needed.
#
#   scripts/gen-vmlinux.sh [BTF_FILE] >vmlinux.h
set -eu

here=$(cd "$(dirname "$0")" && pwd)
btf=${1:-/sys/kernel/btf/vmlinux}
python=${PYTHON:-/usr/bin/python3}
# Debian has bpftool in a folder that is not on every user's PATH.
bpftool=${BPFTOOL:-$(command -v bpftool || echo /usr/sbin/bpftool)}

if [ ! -r "$btf" ]; then
	echo "gen-vmlinux: cannot read $btf: this kernel has no BTF; name a BTF file" >&2
	exit 1
fi
dump=$(mktemp)
trap 'rm -f "$dump"' EXIT
"$bpftool" -j btf dump file "$btf" >"$dump"
"$python" "$here/gen_vmlinux.py" "$dump"
