# SPDX-License-Identifier: GPL-2.0-or-later
"""What a trace costs programs that are not traced: their system calls, and their malloc and free pairs."""

import contextlib

from measure import PAIRS, Attached, heading, program, row, run, start, stop

ROUNDS = 5
WAYS = [
    ("no leaktrace", None),
    ("beside --kinds heap --no-scan", ["--kinds", "heap", "--no-scan"]),
    ("beside --kinds heap", ["--kinds", "heap"]),
    ("beside all kinds", []),
]
PROGRAMS = [
    ("getppid", [program("calls"), "getppid"]),
    ("open and close", [program("calls"), "open"]),
    ("malloc and free, not traced", [PAIRS, "2000000"]),
]


def beside_table():
    """Round by round through all ways, so that what else goes on meets each."""
    taken = {(name, way): [] for name, _ in PROGRAMS for way, _ in WAYS}
    target = start(["sleep", "600"])
    try:
        for _ in range(ROUNDS):
            for way, options in WAYS:
                with contextlib.nullcontext() if options is None else Attached(target.pid, *options):
                    for name, command in PROGRAMS:
                        taken[name, way].append(float(run(command)))
    finally:
        stop(target)
    for name, _ in PROGRAMS:
        heading(f"{name}, while another process is traced", "added ns", "to none")
        plain = min(taken[name, WAYS[0][0]])
        for way, _ in WAYS:
            ns = min(taken[name, way])
            row(way, ns, "ns", f"{ns - plain:,.1f}", f"{ns / plain:.3f}")


TABLES = {"beside": beside_table}
