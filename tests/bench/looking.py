# SPDX-License-Identifier: GPL-2.0-or-later
"""What a look into memory costs: how long a process stands still, for heaps of several sizes."""

import json
import os
import subprocess
import tempfile

from measure import LEAKTRACE, heading, program, row

BYTES, POINTERS = 800, 4
# Of blocks; the largest takes 8 GB.
SIZES = [10_000, 1_000_000, 10_000_000]
SPARE_BYTES = 4 << 30


def available_bytes():
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("MemAvailable")) << 10


def look(blocks, way):
    with tempfile.TemporaryDirectory() as folder:
        report = os.path.join(folder, "report.json")
        subprocess.run([LEAKTRACE, "--kinds", "heap", "--scan-way", way, "--json", report, "--max-live",
                        str(blocks * 5 // 4 + 1000), "--max-pause", "60", "--", program("heap"),
                        str(blocks), str(BYTES), str(POINTERS)], check=True, stderr=subprocess.DEVNULL)
        with open(report, encoding="utf-8") as file:
            return json.load(file)["processes"][-1]["scan"]


def look_table():
    heading("a look into memory at the end: the process stands still for, ms", "GB/s")
    for blocks in SIZES:
        if blocks * (BYTES + 100) + SPARE_BYTES > available_bytes():
            print(f"  {blocks:,} blocks: not enough memory here")
            continue
        for way in ("call", "program"):
            scan = look(blocks, way)
            name = f"{scan['blocks']:,} blocks, {scan['bytes'] / 1e9:.2f} GB, by {way}"
            row(name, scan["pause_ns"] / 1e6, "ms", f"{scan['bytes'] / scan['pause_ns']:.2f}")


TABLES = {"look": look_table}
