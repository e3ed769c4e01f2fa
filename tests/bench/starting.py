# SPDX-License-Identifier: GPL-2.0-or-later
"""What it takes to begin: a trace of a command that does nothing, and to attach to a process with many libraries."""

import os
import subprocess
from statistics import median

from measure import BUILD, LEAKTRACE, REALTIME, Attached, heading, large_file, line_with, program, row, start, stop, wall_ms

LIBRARIES = 200
FUNCTIONS = 40


def start_up_table():
    heading("start-up: leaktrace -- true")
    plain = median(wall_ms(["true"]) for _ in range(10))
    traced = sorted(wall_ms([LEAKTRACE, "--", "true"]) for _ in range(20))
    row("added, median of 20", median(traced) - plain, "ms")
    row("added, fastest", traced[0] - plain, "ms")
    heap = sorted(wall_ms([LEAKTRACE, "--kinds", "heap", "--", "true"]) for _ in range(20))
    row("added with --kinds heap, median of 20", median(heap) - plain, "ms")
    bare = sorted(wall_ms([LEAKTRACE, "--kinds", "heap", "--no-scan", "--", "true"]) for _ in range(20))
    row("and with --no-scan, median of 20", median(bare) - plain, "ms")


def libraries():
    """Small ones, each another by its build-id; made once."""
    folder = os.path.join(BUILD, "tests/bench/libraries.d")
    paths = [os.path.join(folder, f"lib{i}.so") for i in range(LIBRARIES)]
    if os.path.exists(paths[-1]):
        return paths
    os.makedirs(folder, exist_ok=True)
    code = "".join(f"int function_{i}(int x) {{ return x * {i + 3} + 1; }}\n" for i in range(FUNCTIONS))
    compiled = os.path.join(folder, "functions.o")
    subprocess.run(["gcc", "-O1", "-g", "-fPIC", "-c", "-x", "c", "-", "-o", compiled], input=code, text=True, check=True)
    for i, path in enumerate(paths):
        subprocess.run(["ld", "-shared", f"--build-id=0x{i + 1:040x}", "-o", path, compiled], check=True)
    return paths


def attach_ms(paths, options, rounds=5):
    """The fastest of some rounds: where others use the machine, the kernel's grace periods take seconds."""
    target = start([program("libraries")] + paths, bufsize=0)
    try:
        line_with(target.stdout, b"ready")
        taken = []
        for _ in range(rounds):
            with Attached(target.pid, *options, priority=REALTIME) as attached:
                taken.append(attached.ms)
        return min(taken)
    finally:
        stop(target)


def attach_table():
    heading("attaching by -p, from leaktrace's start, fastest of 5", "a library")
    paths, large = libraries(), large_file()
    for name, options in (("all kinds", []), ("--kinds heap --no-scan", ["--kinds", "heap", "--no-scan"])):
        few, many = attach_ms([], options), attach_ms(paths, options)
        row(f"{name}: no library but the C library", few, "ms")
        row(f"{name}: {LIBRARIES} libraries more", many, "ms", f"{(many - few) / LIBRARIES:.2f}")
        if large:
            row(f"{name}: one of {os.path.getsize(large) / 1e6:,.0f} MB more", attach_ms([large], options), "ms")


TABLES = {"start": start_up_table, "attach": attach_table}
