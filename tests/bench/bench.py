#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What tracing costs: every row is measured in this run, every ratio is of two such rows.

The measured programs run at real-time priority, so that other load on the
machine disturbs as little as it can. Needs root.
"""
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

BUILD = sys.argv[1]
LEAKTRACE = os.path.join(BUILD, "leaktrace")
PAIRS = os.path.join(BUILD, "tests/bench/pairs")
REALTIME = ["chrt", "-f", "10"] if shutil.which("chrt") else []
ROUNDS = 3


def run(command):
    return subprocess.run(REALTIME + command, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, timeout=300).stdout


def best(measure):
    """The smallest of some rounds: other load only adds."""
    return min(measure() for _ in range(ROUNDS))


def pair_ns(options, *arguments):
    arguments = [PAIRS] + [str(a) for a in arguments]
    command = [LEAKTRACE] + options + ["--"] + arguments if options is not None else arguments
    return best(lambda: float(run(command)))


def row(name, value, unit, *ratios):
    text = "".join(f"{r:>12}" for r in ratios)
    print(f"  {name:<44}{value:>10,.1f} {unit:<3}{text}", flush=True)


def heading(text, *columns):
    print(f"\n{text:<62}" + "".join(f"{c:>12}" for c in columns), flush=True)


def pairs_table():
    heading("malloc and free pair, one thread", "to floor")
    floor = pair_ns(["--empty-probes"])
    rows = [
        ("untraced", pair_ns(None, 20000000)),
        ("empty programs at function entries", pair_ns(["--empty-probes", "--placement", "entry"],
                                                       50000)),
        ("empty programs at the chosen places: floor", floor),
        ("traced, call site only (--max-stack 1)", pair_ns(["--max-stack", "1"])),
        ("traced, stacks of 5 frames", pair_ns([])),
    ]
    for name, ns in rows:
        row(name, ns, "ns", f"{ns / floor:.2f}")


def modes_table():
    heading("the same by kind of probe, call site only", "to floor")
    for mode in ("session", "multi", "single"):
        floor = pair_ns(["--attach", mode, "--empty-probes"])
        traced = pair_ns(["--attach", mode, "--max-stack", "1"])
        row(f"--attach {mode}: floor", floor, "ns")
        row(f"--attach {mode}: traced", traced, "ns", f"{traced / floor:.2f}")


def threads_table():
    heading("the same by number of threads, stacks of 5 frames", "to one")
    one = None
    for threads in (1, 2, 4):
        if threads > 1 and threads > (os.cpu_count() or 1):
            continue
        ns = pair_ns([], 100000, 3, threads)
        one = one or ns
        row(f"{threads} thread(s)", ns, "ns", f"{ns / one:.2f}")


def wall_ms(command):
    start = time.monotonic()
    run(command)
    return (time.monotonic() - start) * 1e3


def programs():
    script = ("import json\n"
              "for i in range(40): json.loads(json.dumps([{'a': j, 'b': [j] * 5}"
              " for j in range(500)]))")
    os.environ["PYTHONMALLOC"] = "malloc"
    yield "python3, JSON loop", ["/usr/bin/python3", "-S", "-c", script]
    rows = ("create table t(a integer primary key, b text); with recursive c(x) as (select 1 "
            "union all select x+1 from c where x<50000) insert into t select x, hex(x) from c;")
    yield "sqlite3, 50,000 rows", ["sqlite3", ":memory:", rows]


def programs_table():
    heading("real programs", "untraced", "floor", "heaptrack", "memcheck")
    for name, command in programs():
        untraced = best(lambda: wall_ms(command))
        floor = best(lambda: wall_ms([LEAKTRACE, "--empty-probes", "--"] + command))
        traced = best(lambda: wall_ms([LEAKTRACE, "--"] + command))
        others = [compare(tool, command, traced) for tool in ("heaptrack", "valgrind")]
        row(f"{name}: traced", traced, "ms", f"{traced / untraced:.2f}", f"{traced / floor:.2f}",
            *others)


def compare(tool, command, traced):
    """leaktrace's time as a share of the other tool's, '-' when it is not there."""
    if not shutil.which(tool):
        return "-"
    with tempfile.TemporaryDirectory() as folder:
        if tool == "heaptrack":
            other = ["heaptrack", "-o", os.path.join(folder, "out")] + command
        else:
            other = ["valgrind", "-q"] + command
        return f"{traced / wall_ms(other):.2f}"


def start_up_table():
    heading("start-up: leaktrace -- true")
    plain = statistics.median(wall_ms(["true"]) for _ in range(10))
    traced = sorted(wall_ms([LEAKTRACE, "--", "true"]) for _ in range(20))
    row("added, median of 20", statistics.median(traced) - plain, "ms")
    row("added, fastest", traced[0] - plain, "ms")


def main():
    print(f"leaktrace's cost on {platform.machine()}, Linux {platform.release()}, "
          f"{os.cpu_count()} CPUs")
    pairs_table()
    modes_table()
    threads_table()
    programs_table()
    start_up_table()


main()
