# SPDX-License-Identifier: GPL-2.0-or-later
"""Prints a small vmlinux.h from `bpftool -j btf dump file FILE` (see gen-vmlinux.sh).

Owns the list of kernel types that bpf/ may use. The header needs to be right in
names and types alone: offsets come from the running kernel, by CO-RE.
"""

import json
import sys

# struct: the fields wanted. A field inside an anonymous member is named like any other.
STRUCTS = {
    "task_struct": "pid tgid group_leader signal exit_code comm thread_pid"
    " flags mm utask fs nsproxy files thread_info thread __state exit_state"
    " sas_ss_sp sas_ss_size on_cpu nvcsw nivcsw",
    "thread_info": "status",
    "thread_struct": "fsbase",
    "uprobe_task": "return_instances",
    "return_instance": "stack orig_ret_vaddr next",
    "signal_struct": "live flags maxrss",
    "mm_struct": "uprobes_state brk",
    "uprobes_state": "xol_area",
    "xol_area": "vaddr",
    "vm_area_struct": "vm_file vm_start vm_end vm_flags",
    "pid": "level numbers",
    "upid": "nr ns",
    "ns_common": "inum",
    "pid_namespace": "ns",
    "linux_binprm": "file filename",
    "files_struct": "fdt",
    "fdtable": "max_fds fd open_fds",
    "file": "f_inode f_path private_data",
    "inode": "i_ino i_sb i_mode",
    "vfsmount": "mnt_root",
    "mount": "mnt_parent mnt_mountpoint mnt",
    "qstr": "len name",
    "socket": "type sk",
    "sock": "__sk_common sk_protocol sk_type",
    "sock_common": "skc_family skc_state skc_dport skc_num skc_daddr skc_rcv_saddr"
    " skc_v6_daddr skc_v6_rcv_saddr",
    "unix_sock": "addr",
    "unix_address": "len name",
    "fs_struct": "root",
    "path": "dentry mnt",
    "dentry": "d_inode d_parent d_name d_hash",
    "nsproxy": "mnt_ns",
    "mnt_namespace": "ns",
    "super_block": "s_dev",
    "bpf_raw_tracepoint_args": "args",
    "bpf_iter__task": "meta task",
    "bpf_iter_meta": "seq",
    "pt_regs": "r15 r14 r13 r12 bp bx r11 r10 r9 r8 ax cx dx si di orig_ax ip cs flags sp ss",
}

# Typedefs wanted though no field above has them.
TYPEDEFS = ["refcount_t", "bool", "size_t", "__u8", "__u16", "__u32", "__u64", "__s8", "__s16",
            "__s32", "__s64", "u8", "u16", "u32", "u64", "s8", "s16", "s32", "s64", "__be16",
            "__be32", "__wsum"]

# The whole enum of each of these constants.
ENUMERATORS = ["BPF_MAP_TYPE_HASH", "BPF_ANY", "BPF_F_MMAPABLE", "BPF_F_USER_STACK",
               "BPF_LOCAL_STORAGE_GET_F_CREATE", "BPF_RB_NO_WAKEUP", "BPF_RB_AVAIL_DATA", "BPF_FUNC_find_vma",
               "true"]

HEAD = """\
/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel types that the BPF programs use, with the fields they use. Made by
 * scripts/gen-vmlinux.sh: change the table there. Offsets are the running
 * kernel's, by CO-RE.
 */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)
"""

TAIL = """\

#pragma clang attribute pop

#endif"""

QUALIFIERS = {"CONST": "const", "VOLATILE": "volatile"}
# Annotations without a C spelling that matters here.
TRANSPARENT = ("RESTRICT", "TYPE_TAG", "DECL_TAG")
RECORDS = ("STRUCT", "UNION")


class Btf:
    """The type graph of a dump, and the declarations printed so far."""

    def __init__(self, dump):
        self.types = {t["id"]: t for t in dump["types"]}
        self.by_name = {}
        for t in dump["types"]:
            # A name may occur again in another compilation unit: the first one counts.
            self.by_name.setdefault((t["kind"], t["name"]), t)
        self.printed = set()
        self.lines = []

    def find(self, kinds, name):
        for kind in kinds:
            if (kind, name) in self.by_name:
                return self.by_name[kind, name]
        sys.exit(f"gen-vmlinux: this kernel has no {name}")

    def field(self, record, name):
        """The member `name` of a record, looked for inside anonymous members too."""
        for member in record["members"]:
            inner = self.types[member["type_id"]]
            if member["name"] == name:
                return member
            if member["name"] == "(anon)" and inner["kind"] in RECORDS:
                found = self.field(inner, name)
                if found:
                    return found
        return None

    def declare(self, type_id, declarator):
        """C text that declares `declarator` with a type."""
        if type_id == 0:
            return f"void {declarator}"
        t = self.types[type_id]
        kind = t["kind"]
        if kind == "PTR":
            return self.declare(t["type_id"], f"*{declarator}")
        if kind == "ARRAY":
            return self.declare(t["type_id"], f"{declarator}[{t['nr_elems']}]")
        if kind in QUALIFIERS:
            return f"{QUALIFIERS[kind]} {self.declare(t['type_id'], declarator)}"
        if kind in TRANSPARENT:
            return self.declare(t["type_id"], declarator)
        if kind in RECORDS and t["name"] == "(anon)":
            body = "".join(f"\t{self.declare(m['type_id'], m['name'])};\n" for m in t["members"])
            return f"{kind.lower()} {{\n{body}}} {declarator}"
        prefix = {"STRUCT": "struct ", "UNION": "union ", "FWD": "struct ", "ENUM": "enum "}
        return f"{prefix.get(kind, '')}{t['name']} {declarator}"

    def require(self, type_id):
        """Prints what must stand before a use by value of a type."""
        t = self.types.get(type_id)
        if t is None or type_id in self.printed:
            return
        kind = t["kind"]
        if kind == "TYPEDEF":
            self.printed.add(type_id)
            self.require(t["type_id"])
            self.lines.append(f"typedef {self.declare(t['type_id'], t['name'])};")
        elif kind in ("ARRAY", "PTR", *QUALIFIERS, *TRANSPARENT):
            self.require_behind(t)
        elif kind in RECORDS:
            self.printed.add(type_id)
            self.record(t)
        elif kind in ("ENUM", "ENUM64"):
            self.printed.add(type_id)
            self.enum(t)

    def require_behind(self, t):
        target = self.types.get(t["type_id"])
        if t["kind"] == "PTR" and target and target["kind"] in (*RECORDS, "FWD"):
            if target["name"] not in STRUCTS and target["id"] not in self.printed:
                self.printed.add(target["id"])
                self.lines.append(f"\nstruct {target['name']};")
            return
        self.require(t["type_id"])

    def record(self, t):
        wanted = STRUCTS.get(t["name"])
        members = t["members"]
        if wanted:
            members = []
            for name in wanted.split():
                members.append(self.field(t, name))
                if members[-1] is None:
                    sys.exit(f"gen-vmlinux: struct {t['name']} has no field {name}")
        for member in members:
            self.require(member["type_id"])
        if t["name"] == "(anon)":
            return  # spelled out where it is used
        body = "".join(f"\t{self.declare(m['type_id'], m['name'])};\n" for m in members)
        self.lines.append(f"\n{t['kind'].lower()} {t['name']} {{\n{body}}};")

    def enum(self, t):
        name = "" if t["name"] == "(anon)" else t["name"] + " "
        body = "".join(f"\t{v['name']} = {v['val']},\n" for v in t["values"])
        self.lines.append(f"\nenum {name}{{\n{body}}};\n")

    def enum_of(self, enumerator):
        for t in self.types.values():
            if t["kind"] == "ENUM" and any(v["name"] == enumerator for v in t["values"]):
                return t
        sys.exit(f"gen-vmlinux: this kernel has no {enumerator}")


def main():
    with open(sys.argv[1], encoding="utf-8") as stream:
        btf = Btf(json.load(stream))
    for name in TYPEDEFS:
        btf.require(btf.find(["TYPEDEF"], name)["id"])
    for name in ENUMERATORS:
        btf.require(btf.enum_of(name)["id"])
    for name in STRUCTS:
        btf.lines.append(f"struct {name};")
    for name in STRUCTS:
        btf.require(btf.find(["STRUCT"], name)["id"])
    print(HEAD)
    print("\n".join(btf.lines).replace("\n\n\n", "\n\n"))
    print(TAIL)


main()
