# SPDX-License-Identifier: GPL-2.0-or-later
"""How much of a program's time leaktrace's programs in the kernel take, by the kernel's own statistics of them.

What they take is told without the traps that lead to them, which are the floor's part.
"""

import contextlib
import os
import shlex
import subprocess
import time

from measure import LEAKTRACE, PAIRS, REALTIME, heading, line_with, row, say, skipped
from programs import python_json

STATISTICS = "/proc/sys/kernel/bpf_stats_enabled"
# What looks at system calls sees those of the whole machine, which are not this program's.
HEAP = ["--kinds", "heap", "--no-scan"]
# Measured after the command has begun, so that its start is no part of it.
COUNT = 500000


def write_file(path, text):
    with open(path, "w", encoding="ascii") as file:
        file.write(text)


@contextlib.contextmanager
def statistics():
    with open(STATISTICS, encoding="ascii") as file:
        before = file.read()
    write_file(STATISTICS, "1")
    try:
        yield
    finally:
        write_file(STATISTICS, before)


def program_runs(pid):
    """Nanoseconds and runs of all BPF programs that a process has loaded: their descriptors tell."""
    ns, runs = {}, {}
    for name in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{name}", encoding="ascii") as file:
                fields = dict(line.split(":", 1) for line in file if ":" in line)
        except OSError:
            continue
        if "prog_id" in fields and "run_time_ns" in fields:
            ns[fields["prog_id"]] = int(fields["run_time_ns"])
            runs[fields["prog_id"]] = int(fields["run_cnt"])
    return sum(ns.values()), sum(runs.values())


def share(options, command):
    """Wall time of a command that is traced, and time and number of what ran in the kernel for it meanwhile."""
    script = f"read x; {shlex.join(command)} >/dev/null; echo done; read x"
    process = subprocess.Popen(REALTIME + [LEAKTRACE] + HEAP + options + ["--", "sh", "-c", script], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0)
    # Until everything is attached.
    time.sleep(1.5)
    before, begin = program_runs(process.pid), time.monotonic()
    say(process)
    line_with(process.stdout, b"done", 120)
    wall_ns = (time.monotonic() - begin) * 1e9
    after = program_runs(process.pid)
    say(process)
    process.communicate(timeout=60)
    return wall_ns, after[0] - before[0], after[1] - before[1]


def share_table():
    heading("time inside leaktrace's BPF programs, percent of wall time", "runs", "ns/run")
    if not os.access(STATISTICS, os.W_OK):
        skipped("this kernel has no statistics of BPF programs")
        return
    name, command = python_json()
    commands = [("malloc and free pairs, 10 frames", [PAIRS, str(COUNT // 5), "4"]), (name, command)]
    with statistics():
        for name, command in commands:
            for way, options in (("exact", []), ("call site only", ["--max-stack", "1"]),
                                 ("--sample 512K", ["--sample", "512K"]), ("floor", ["--empty-probes"])):
                wall_ns, run_ns, runs = share(options, command)
                row(f"{name}: {way}", 100 * run_ns / wall_ns, "%", f"{runs:,}", f"{run_ns / max(1, runs):,.0f}")


TABLES = {"share": share_table}
