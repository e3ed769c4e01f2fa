#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What tracing costs: every row is measured in this run, every ratio is of two such rows.

The measured programs run at real-time priority, so that other load on the
machine disturbs as little as it can. Needs root.
"""
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import looking
import watching

BUILD = sys.argv[1]
LEAKTRACE = os.path.join(BUILD, "leaktrace")
PAIRS = os.path.join(BUILD, "tests/bench/pairs")
DESCRIPTORS = os.path.join(BUILD, "tests/bench/descriptors")
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
    digits = 2 if unit == "%" else 1
    print(f"  {name:<44}{value:>10,.{digits}f} {unit:<3}{text}", flush=True)


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


def depth_table():
    heading("the same by depth of stack", "call site", "fp", "ns/frame", "to site")
    for depth in (3, 10, 30, 100):
        # main and the thread's and C library's first functions are below.
        below = max(0, depth - 5)
        site = pair_ns(["--max-stack", "1"], 100000, below)
        walked = pair_ns([], 100000, below)
        pointers = pair_ns(["--unwind", "fp"], 100000, below)
        row(f"{depth} frames, by unwind tables", walked, "ns", f"{site:,.0f}", f"{pointers:,.0f}",
            f"{(walked - site) / depth:.0f}", f"{walked / site:.2f}")


JSON_LOOP = ("import json\n"
             "for i in range(40): json.loads(json.dumps([{'a': j, 'b': [j] * 5}"
             " for j in range(500)]))")
SQL_ROWS = ("create table t(a integer primary key, b text); with recursive c(x) as (select 1 "
            "union all select x+1 from c where x<50000) insert into t select x, hex(x) from c;")


def programs(folder):
    """Name and command of the measured programs; those that are not installed are left out."""
    os.environ["PYTHONMALLOC"] = "malloc"
    data = os.path.join(folder, "data.json")
    with open(data, "w", encoding="ascii") as file:
        file.write("[" + ",".join(f'{{"id": {i}, "tags": ["a", "b"]}}' for i in range(20000)) + "]")
    source = os.path.join(folder, "source.c")
    with open(source, "w", encoding="ascii") as file:
        file.write("#include <stdio.h>\nint main(void) { return printf(\"x\"); }\n")
    script = os.path.join(folder, "script.js")
    with open(script, "w", encoding="ascii") as file:
        file.write("let a = []; for (let i = 0; i < 1e5; i++) a.push({i, s: 'x' + i});"
                   "JSON.parse(JSON.stringify(a));\n")
    perl = "my %h; $h{$_} = [$_, \"x$_\"] for 1..20000; print scalar keys %h"
    commands = [
        ("python3, JSON loop", ["/usr/bin/python3", "-S", "-c", JSON_LOOP]),
        ("sqlite3, 50,000 rows", ["sqlite3", ":memory:", SQL_ROWS]),
        ("jq, 20,000 objects", ["jq", "map(.id) | add", data]),
        ("perl, 20,000 lists", ["perl", "-e", perl]),
        ("git log", ["git", "-c", "core.pager=cat", "log", "--stat"]),
        ("gcc's cc1", ["gcc", "-O2", "-c", "-o", os.path.join(folder, "o.o"), source]),
        ("node, 100,000 objects", ["node", script]),
    ]
    return [(name, command) for name, command in commands if shutil.which(command[0])]


def wall_of(tool, command, folder):
    """Milliseconds of the command under a tool, None when it is not installed."""
    prefix = {"heaptrack": ["heaptrack", "-o", os.path.join(folder, "heaptrack")],
              "valgrind": ["valgrind", "-q"]}[tool]
    return wall_ms(prefix + command) if shutil.which(tool) else None


def programs_table(folder):
    heading("real programs, ms", "floor", "untraced", "heaptrack", "memcheck")
    for name, command in programs(folder)[:4]:
        others = [best(lambda: wall_ms([LEAKTRACE, "--empty-probes", "--"] + command)),
                  best(lambda: wall_ms(command)),
                  wall_of("heaptrack", command, folder), wall_of("valgrind", command, folder)]
        row(f"{name}: traced", best(lambda: wall_ms([LEAKTRACE, "--"] + command)), "ms",
            *("-" if other is None else f"{other:,.0f}" for other in others))


def complete_share(arguments, folder):
    """Of all allocations in all processes, those whose stack reaches the first function; percent."""
    path = os.path.join(folder, "report.json")
    run([LEAKTRACE, "--json", path] + arguments)
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    total = sum(p["totals"]["heap"]["acquired_count"] for p in report["processes"])
    cut = sum(n for name, n in report["losses"].items() if name.startswith("stacks_"))
    return 100 * (1 - cut / total) if total else 0, total


def redis_share(folder):
    """The same of redis-server, attached to while redis-benchmark works; None: not installed."""
    if not shutil.which("redis-server") or not shutil.which("redis-benchmark"):
        return None
    address = os.path.join(folder, "redis.socket")
    server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", address, "--save", ""],
                              stdout=subprocess.DEVNULL)
    end = time.monotonic() + 20
    while not os.path.exists(address) and time.monotonic() < end:
        time.sleep(0.05)
    client = subprocess.Popen(["redis-benchmark", "-s", address, "-q", "-l", "-n", "20000", "-t", "set,lpush,hset"],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        return complete_share(["--duration", "3", "-p", str(server.pid)], folder)
    finally:
        for process in (client, server):
            process.terminate()
            process.wait()


def completeness_table(folder):
    heading("allocations with a whole stack, percent", "of")
    for name, command in programs(folder):
        share, total = complete_share(["--"] + command, folder)
        row(name, share, "%", f"{total:,}")
    redis = redis_share(folder)
    if redis:
        row("redis-server, under redis-benchmark", redis[0], "%", f"{redis[1]:,}")


def descriptors_table():
    heading("a descriptor, made by accept and closed", "added", "per second")
    plain = best(lambda: float(run([DESCRIPTORS])))
    row("untraced", plain, "ns", "", f"{1e9 / plain:,.0f}")
    for kinds in ("fd", "heap,mmap,fd,thread"):
        traced = best(lambda: float(run([LEAKTRACE, "--kinds", kinds, "--", DESCRIPTORS])))
        row(f"--kinds {kinds}", traced, "ns", f"{traced - plain:,.0f}", f"{1e9 / traced:,.0f}")


def start_up_table():
    heading("start-up: leaktrace -- true")
    plain = statistics.median(wall_ms(["true"]) for _ in range(10))
    traced = sorted(wall_ms([LEAKTRACE, "--", "true"]) for _ in range(20))
    row("added, median of 20", statistics.median(traced) - plain, "ms")
    row("added, fastest", traced[0] - plain, "ms")
    heap = sorted(wall_ms([LEAKTRACE, "--kinds", "heap", "--", "true"]) for _ in range(20))
    row("added with --kinds heap, median of 20", statistics.median(heap) - plain, "ms")


def main():
    print(f"leaktrace's cost on {platform.machine()}, Linux {platform.release()}, "
          f"{os.cpu_count()} CPUs")
    pairs_table()
    modes_table()
    threads_table()
    depth_table()
    with tempfile.TemporaryDirectory() as folder:
        programs_table(folder)
        completeness_table(folder)
    descriptors_table()
    start_up_table()
    watching.pages_table(BUILD, run, heading, row)
    watching.refresh_table(BUILD, heading, row)
    looking.table(BUILD, heading, row)


main()
