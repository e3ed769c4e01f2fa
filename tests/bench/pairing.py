# SPDX-License-Identifier: GPL-2.0-or-later
"""What a malloc and free pair costs: by way, by kind of probe, by threads, by depth, by sampling."""

from measure import CPUS, IN_TURNS, LEAKTRACE, PAIRS, best, best_in_turns, heading, marked, program, row, run, wall_ms
from programs import python_json

FLOOR = ["--empty-probes"]
SITE = ["--max-stack", "1"]
# Wanted at most, as multiples of the floor.
SITE_MARK, TEN_FRAMES_MARK = 1.15, 1.5
# Frames of a stack that are there without further calls: the loop's, the thread's function, main, and
# three below it.
OWN_FRAMES = 6
SAMPLES = ["16K", "512K", "4M"]


def under(options, command):
    return command if options is None else [LEAKTRACE] + options + ["--"] + command


def pair_ns(options, *arguments, priority=None):
    return float(run(under(options, [PAIRS] + [str(a) for a in arguments]), priority))


def several_ns(ways, *arguments):
    """One figure for each of the ways, taken in turns."""
    return best_in_turns([lambda options=options: pair_ns(options, *arguments) for options in ways])


def pairs_table():
    heading("malloc and free pair, one thread", "to floor")
    floor, site, ten = several_ns([FLOOR, SITE, []], 200000, 10 - OWN_FRAMES)
    least = best(lambda: pair_ns([], 200000, 0))
    row("untraced", best(lambda: pair_ns(None, 20000000)), "ns")
    entry = best(lambda: pair_ns(["--empty-probes", "--placement", "entry"], 50000))
    row("empty programs at function entries", entry, "ns", f"{entry / floor:.2f}")
    row("empty programs at the chosen places: floor", floor, "ns", "1.00")
    row("traced, call site only (--max-stack 1)", site, "ns", marked(site / floor, SITE_MARK))
    row(f"traced, stacks of {OWN_FRAMES} frames", least, "ns", f"{least / floor:.2f}")
    row("traced, stacks of 10 frames", ten, "ns", marked(ten / floor, TEN_FRAMES_MARK))


def modes_table():
    heading("the same by kind of probe, call site only", "to floor")
    for mode in ("session", "multi", "single"):
        floor, traced = several_ns([["--attach", mode] + way for way in (FLOOR, SITE)])
        row(f"--attach {mode}: floor", floor, "ns")
        row(f"--attach {mode}: traced", traced, "ns", marked(traced / floor, SITE_MARK))


def threads_table():
    """Per thread, so 1.0 is perfect; of more threads than CPUs, what the share of a CPU each comes to."""
    heading("the same by number of threads, per thread", "floor", "to one", "floor's", "untraced's", "to floor")
    one = None
    for threads in (1, 2, 4):
        share = min(1, CPUS / threads)
        priority = None if share == 1 else IN_TURNS
        # Processors may have parts in common: untraced pairs tell.
        floor, traced, untraced = [share * ns for ns in best_in_turns(
            [lambda options=options, pairs=pairs: pair_ns(options, pairs, 10 - OWN_FRAMES, threads, priority=priority)
             for options, pairs in ((FLOOR, 30000), ([], 30000), (None, 10000000))], 5)]
        one = one or (floor, traced, untraced)
        name = f"{threads} thread{'s' if threads > 1 else ''}, stacks of 10 frames"
        if share < 1:
            name = f"{threads} threads on {CPUS} CPUs, times {share:.2g}"
        row(name, traced, "ns", f"{floor:,.0f}", f"{traced / one[1]:.2f}", f"{floor / one[0]:.2f}",
            f"{untraced / one[2]:.2f}", marked(traced / floor, TEN_FRAMES_MARK))


def depth_table():
    heading("the same by depth of stack, by unwind tables", "call site", "fp", "ns/frame", "to site", "to floor")
    for depth in (OWN_FRAMES, 10, 30, 100):
        below = depth - OWN_FRAMES
        floor, site, walked, pointers = several_ns([FLOOR, SITE, [], ["--unwind", "fp"]], 100000, below)
        to_floor = walked / floor
        row(f"{depth} frames", walked, "ns", f"{site:,.0f}", f"{pointers:,.0f}", f"{(walked - site) / depth:.0f}",
            f"{walked / site:.2f}", marked(to_floor, TEN_FRAMES_MARK) if depth == 10 else f"{to_floor:.2f}")


def sampling_table():
    ways = [FLOOR, []] + [["--sample", size] for size in SAMPLES]
    names = ["floor", "exact"] + [f"--sample {size}" for size in SAMPLES]
    heading("sampling, malloc and free pairs of 64 bytes, 10 frames", "to floor", "to exact")
    times = several_ns(ways, 100000, 10 - OWN_FRAMES)
    for name, ns in zip(names, times):
        row(name, ns, "ns", f"{ns / times[0]:.2f}", f"{ns / times[1]:.2f}")
    name, command = python_json()
    heading(f"sampling, {name}", "to floor", "to exact")
    times = best_in_turns([lambda options=options: wall_ms(under(options, command)) for options in ways])
    for name, ms in zip(names, times):
        row(name, ms, "ms", f"{ms / times[0]:.2f}", f"{ms / times[1]:.2f}")


def descriptors_table():
    heading("a descriptor, made by accept and closed", "added", "per second")
    plain, fds, all_kinds = best_in_turns([lambda options=options: float(run(under(options, [program("descriptors")])))
                                           for options in (None, ["--kinds", "fd"], [])])
    row("untraced", plain, "ns", "", f"{1e9 / plain:,.0f}")
    for name, ns in (("--kinds fd", fds), ("all kinds", all_kinds)):
        row(name, ns, "ns", f"{ns - plain:,.0f}", f"{1e9 / ns:,.0f}")


TABLES = {
    "pairs": pairs_table,
    "modes": modes_table,
    "threads": threads_table,
    "depth": depth_table,
    "sampling": sampling_table,
    "descriptors": descriptors_table,
}
