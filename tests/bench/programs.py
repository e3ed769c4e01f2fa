# SPDX-License-Identifier: GPL-2.0-or-later
"""Real programs: what tracing costs them, beside other tools, and how many of their stacks are whole."""

import json
import os
import shutil
import subprocess
import tempfile
import time

from measure import LEAKTRACE, best_in_turns, heading, row, run, wall_ms

JSON_LOOP = ("import json\n"
             "for i in range(40): json.loads(json.dumps([{'a': j, 'b': [j] * 5}"
             " for j in range(500)]))")
SQL_ROWS = ("create table t(a integer primary key, b text); with recursive c(x) as (select 1 "
            "union all select x+1 from c where x<50000) insert into t select x, hex(x) from c;")


def python_json():
    os.environ["PYTHONMALLOC"] = "malloc"
    return "python3, JSON loop", ["/usr/bin/python3", "-S", "-c", JSON_LOOP]


def programs(folder):
    """Name and command of the measured programs; those that are not installed are left out."""
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
        python_json(),
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


def programs_table():
    heading("real programs, ms", "to floor", "floor", "untraced", "heaptrack", "memcheck")
    with tempfile.TemporaryDirectory() as folder:
        for name, command in programs(folder)[:4]:
            traced, floor, plain = best_in_turns(
                [lambda prefix=prefix: wall_ms(prefix + command)
                 for prefix in ([LEAKTRACE, "--"], [LEAKTRACE, "--empty-probes", "--"], [])])
            others = [floor, plain, wall_of("heaptrack", command, folder), wall_of("valgrind", command, folder)]
            row(f"{name}: traced", traced, "ms", f"{traced / floor:.2f}",
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


def completeness_table():
    heading("allocations with a whole stack, percent", "of")
    with tempfile.TemporaryDirectory() as folder:
        for name, command in programs(folder):
            share, total = complete_share(["--"] + command, folder)
            row(name, share, "%", f"{total:,}")
        redis = redis_share(folder)
        if redis:
            row("redis-server, under redis-benchmark", redis[0], "%", f"{redis[1]:,}")


TABLES = {"programs": programs_table, "completeness": completeness_table}
