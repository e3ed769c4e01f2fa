#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""What tracing costs: bench.py BUILD [TABLE...], by default all tables. Needs root.

Every row is measured in this run, every ratio is of two such rows. A mark in brackets is what is
wanted; nothing is asserted.
"""
import os
import platform
import sys

import beside
import idle
import kernel
import looking
import pairing
import programs
import reports
import starting
import watching
from measure import CPUS

MODULES = [pairing, programs, kernel, starting, beside, idle, watching, looking, reports]
TABLES = {name: table for module in MODULES for name, table in module.TABLES.items()}


def main(names):
    unknown = [name for name in names if name not in TABLES]
    if unknown:
        sys.exit(f"no such table: {', '.join(unknown)}; there are: {' '.join(TABLES)}")
    load = os.getloadavg()[0]
    print(f"leaktrace's cost on {platform.machine()}, Linux {platform.release()}, {CPUS} CPUs, load {load:.1f} before")
    for name in names or TABLES:
        TABLES[name]()


main(sys.argv[2:])
