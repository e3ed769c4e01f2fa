# SPDX-License-Identifier: GPL-2.0-or-later
"""What a report of very many blocks takes: time, memory in the kernel and in leaktrace, and names of a large file."""

import os
import re
import subprocess
import tempfile
import time

from measure import LEAKTRACE, REALTIME, best, heading, large_file, line_with, program, row, run, say, skipped, wall_ms

SITES, BLOCKS = 20000, 50
ADDRESSES = [1000, 10000, 100000]


class Held:
    """A traced run of sites: `ms` from its end to the end of the report, leaktrace's memory, what it said."""

    def __init__(self, sites, blocks, *options):
        with tempfile.TemporaryFile() as said:
            command = [LEAKTRACE, "-v", *options, "--", program("sites"), str(sites), str(blocks), "0"]
            process = subprocess.Popen(REALTIME + command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said,
                                       bufsize=0)
            line_with(process.stdout, b"waiting")
            say(process)
            line_with(process.stdout, b"ready", 200)
            begin = time.monotonic()
            _, status, usage = os.wait4(process.pid, 0)
            self.ms = (time.monotonic() - begin) * 1e3
            process.returncode = os.waitstatus_to_exitcode(status)
            process.stdin.close()
            process.stdout.close()
            said.seek(0)
            text = said.read().decode()
        self.peak_bytes = usage.ru_maxrss << 10
        self.kernel_bytes = float(re.search(r"tables take ([\d.]+) MB", text).group(1)) * 1e6


def report_table():
    blocks = SITES * BLOCKS
    options = ["--max-live", "2M"]
    heading(f"a report of {blocks:,} blocks of {SITES:,} call sites, 34 addresses each")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "recording")
        row("from the command's end to the report's", Held(SITES, BLOCKS, *options).ms, "ms")
        row("the same with --no-scan", Held(SITES, BLOCKS, "--no-scan", *options).ms, "ms")
        row("the same with --no-scan and a recording", Held(SITES, BLOCKS, "--no-scan", "-o", path, *options).ms, "ms")
        row("leaktrace report FILE", best(lambda: wall_ms([LEAKTRACE, "report", path])), "ms")
        row("its size, bytes a block", os.path.getsize(path) / blocks, "B", f"{os.path.getsize(path):,}")


def memory_table():
    """By differences between runs that differ in one number."""
    heading("memory", "bytes each")
    few, live, sites = (Held(*numbers, "--no-scan", *options) for numbers, options in (
        ((1000, 1), ["--max-live", "1M", "--max-sites", "100k"]), ((1000, 1), ["--max-live", "2M", "--max-sites", "100k"]),
        ((1000, 1), ["--max-live", "1M", "--max-sites", "200k"])))
    row("kernel: --max-live 1M, --max-sites 100k", few.kernel_bytes / 1e6, "MB")
    row("kernel: --max-live 2M", live.kernel_bytes / 1e6, "MB", f"{(live.kernel_bytes - few.kernel_bytes) / 1e6:.1f}")
    row("kernel: --max-sites 200k", sites.kernel_bytes / 1e6, "MB",
        f"{(sites.kernel_bytes - few.kernel_bytes) / 100e3:.1f}")
    runs = [Held(*numbers, "--no-scan", "--max-live", "2M") for numbers in ((SITES, 1), (SITES, BLOCKS), (1000, SITES // 1000))]
    for (n_sites, n_blocks), held in zip(((SITES, 1), (SITES, BLOCKS), (1000, SITES // 1000)), runs):
        row(f"leaktrace: {n_sites:,} sites, {n_sites * n_blocks:,} blocks", held.peak_bytes / 1e6, "MB")
    row("leaktrace: a live block", (runs[1].peak_bytes - runs[0].peak_bytes) / (SITES * (BLOCKS - 1)), "B")
    row("leaktrace: a call site of 34 addresses", (runs[0].peak_bytes - runs[2].peak_bytes) / (SITES - 1000), "B")


def names_table():
    path = large_file("/usr/bin/node")
    heading("names for addresses of a large file, by a new symbolizer", "us each", "named")
    if not path:
        skipped("neither libLLVM nor node of that size here")
        return
    name = f"{os.path.basename(path)}, {os.path.getsize(path) / 1e6:,.0f} MB"
    for count in ADDRESSES:
        ms, named = min((float(a), int(b)) for a, b in (run([program("names"), path, str(count)]).split() for _ in range(3)))
        row(f"{name}: {count:,}", ms, "ms", f"{ms * 1e3 / count:.1f}", f"{named:,}")


TABLES = {"report": report_table, "memory": memory_table, "names": names_table}
