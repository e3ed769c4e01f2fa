# SPDX-License-Identifier: GPL-2.0-or-later
"""leaktrace's own CPU time while it does no more than wait: attached to a process that sleeps, and to a busy one."""

import time

from measure import LEAKTRACE, PAIRS, Attached, cpu_s, heading, row, start, stop
from watching import Terminal

SECONDS = 10
SETTLE_S = 2
TARGETS = [("a process that sleeps", ["sleep", "600"]), ("malloc and free at full rate", [PAIRS, "2000000000"])]


def percent_plain(pid):
    with Attached(pid) as leaktrace:
        time.sleep(SETTLE_S)
        before = cpu_s(leaktrace.pid)
        time.sleep(SECONDS)
        return 100 * (cpu_s(leaktrace.pid) - before) / SECONDS


def percent_live(pid):
    terminal = Terminal([LEAKTRACE, "--live", "-p", str(pid)])
    try:
        terminal.read(SETTLE_S)
        before = cpu_s(terminal.pid)
        terminal.read(SECONDS)
        return 100 * (cpu_s(terminal.pid) - before) / SECONDS
    finally:
        terminal.end()


def idle_table():
    heading(f"leaktrace's CPU time, attached for {SECONDS} s, percent of a CPU")
    for name, command in TARGETS:
        for way, measure in (("", percent_plain), (", --live", percent_live)):
            target = start(command)
            try:
                row(name + way, measure(target.pid), "%")
            finally:
                stop(target)


TABLES = {"idle": idle_table}
