# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees of processes: the books of every process, exact, however it came to be and ended."""

import collections
import os

import pytest

import harness

WORKER = "tree_worker"
KINDS = ("leak_small", "leak_large", "acquire", "acquire_zeroed", "resize")
TOTALS = ("acquired_count", "acquired_bytes", "released_count", "released_bytes", "live_count", "live_bytes")

# A way to start workers: what make runs, how many workers' books that gives, and how many
# processes in all. {w} is the worker as a first image, {s} the seed.
Way = collections.namedtuple("Way", "recipe books processes")
WAYS = (
    Way("{w} {s}", 1, 1),
    Way("{w} {s} | {w} {s}1 | {w} {s}2; true", 3, 4),
    Way("{w} {s} fork 3 2", 13, 13),
    Way("{w} {s} fork 1 6", 7, 7),
    Way("{w} {s} spawn vfork 3", 4, 4),
    Way("{w} {s} spawn posix 3", 4, 4),
    Way("{w} {s} spawn fork 3", 7, 4),
    Way("{w} {s} daemon", 3, 3),
    Way("{w} {s} exec 4", 5, 1),
    Way("for i in 1 2 3; do {w} {s}$$i & done; wait", 3, 4),
)


class Books:
    """The file in which workers write what they did."""

    def __init__(self, folder):
        self.path = folder / "books"
        self.path.touch()
        self.env = {"TREE_BOOKS": str(self.path)}

    def read(self):
        """By (pid, image): totals, unmatched releases, live blocks by function."""
        books = {}
        for line in self.path.read_text().splitlines():
            numbers = [int(word) for word in line.split()]
            key, values = tuple(numbers[:2]), numbers[2:]
            assert key not in books, "a process id was used again"
            live = {name: list(pair) for name, pair in zip(KINDS, zip(values[5::2], values[6::2])) if pair[0]}
            totals = dict(zip(TOTALS, [*values[:4], values[0] - values[2], values[1] - values[3]]))
            books[key] = (totals, values[4], live)
        return books


def seen(process):
    """The same of a process in the report."""
    totals = process["totals"]["heap"]
    live = {name: list(pair) for name, pair in harness.live_sites(process).items()}
    return {key: totals[key] for key in TOTALS}, process["unmatched_releases"], live


def is_consistent(process):
    totals = process["totals"]["heap"]
    return all(totals["acquired_" + unit] - totals["released_" + unit] == totals["live_" + unit] ==
               sum(site["live_" + unit] for site in process["sites"]) for unit in ("count", "bytes"))


def check_tree(report, books):
    """Every worker's image by its own books; all others (sh, make, forks that only exec) add up."""
    unspoiled(report)
    differences, keys = [], set()
    for process in report["processes"]:
        key = (process["pid"], process["image"])
        assert key not in keys, f"{harness.describe(process)} is there twice"
        keys.add(key)
        if not process["measured"]:
            differences.append(f"{harness.describe(process)}: {process['unmeasured_reason']}")
        if key in books and seen(process) != books[key]:
            differences.append(f"{harness.describe(process)}: expected {books[key]}, got {seen(process)}")
        if key not in books and process["comm"] == WORKER:
            differences.append(f"{harness.describe(process)} has no books")
        if not is_consistent(process):
            differences.append(f"{harness.describe(process)}: does not add up: {process['totals']}")
        if process["ended"] == "running" or process["exit"] not in (None, {"status": 0}):
            differences.append(f"{harness.describe(process)}: {process['ended']} {process['exit']}")
    differences += [f"not in the report: {key}" for key in books if key not in keys]
    assert not differences, "\n".join([f"{len(differences)} differences", *differences[:20]])


def unspoiled(report):
    losses = {name: count for name, count in report["losses"].items()
              if count and name not in ("releases_unmatched", "returns_unmatched", "calls_abandoned")}
    assert losses == {}


def write_makefile(folder, processes):
    """Returns how many books and processes come of it, make's own aside."""
    worker = harness.program_path(WORKER) + " 1"
    lines, books, made = [], 0, 0
    while made < processes:
        way = WAYS[len(lines) % len(WAYS)]
        target = f"t{len(lines)}"
        lines.append(f"all: {target}\n{target}:\n\t@" + way.recipe.format(w=worker, s=1000 + len(lines)))
        books += way.books
        made += way.processes
    (folder / "Makefile").write_text("\n".join(lines) + f"\n.PHONY: all {' '.join(f't{i}' for i in range(len(lines)))}\n")
    return books, made


def run_make(options, folder, processes):
    books = Books(folder)
    expected_books, expected_processes = write_makefile(folder, processes)
    result = harness.run(options, ["make", "-C", str(folder), "-j8", "-r", "all"], env=books.env, timeout=180)
    assert result.status == 0, result.stderr[-3000:]
    written = books.read()
    assert len(written) == expected_books
    check_tree(result.report, written)
    assert len({process["pid"] for process in result.report["processes"]}) == expected_processes + 1
    return result


# ---- the tree, in every way to attach ------------------------------------------


def test_two_thousand_processes(tmp_path):
    harness.need("session")
    run_make(["--attach", "session"], tmp_path, 2000)


@pytest.mark.parametrize("mode", ["multi", "single"])
def test_two_hundred_processes(tmp_path, mode):
    harness.need(mode)
    run_make(["--attach", mode], tmp_path, 200)


def test_two_hundred_processes_one_by_one(tmp_path, attach):
    """Without a namespace of its own: probes are attached to each process."""
    run_make(["--attach", attach, "--no-namespace"], tmp_path, 200)


def test_attached_parent_forks_two_hundred(tmp_path, attach):
    """Children of a process that was attached to, from their first instruction on."""
    books = Books(tmp_path)
    # 14 * 14 children of children, their 14 parents.
    target = harness.start_waiting([harness.program_path(WORKER), "0", "5", "fork", "14", "2", "--wait"], books.env)
    try:
        result = harness.trace(str(target.pid), ["--attach", attach], lambda tracer: harness.begin(target))
        assert result.status == 0, result.stderr
        written = books.read()
        assert len(written) == 1 + 14 + 14 * 14
        check_tree(result.report, written)
    finally:
        harness.drop(target)


def test_same_command_same_totals(tmp_path):
    """A shell has no books, but what it does is settled by its command: all alike have one total."""
    worker = harness.program_path(WORKER) + " 1 7"
    script = f"for i in 1 2 3 4 5 6 7 8 9 10; do sh -c '{worker} | {worker}; exit 0'; done"
    books = Books(tmp_path)
    result = harness.run([], ["/bin/sh", "-c", script], env=books.env)
    assert result.status == 0, result.stderr
    check_tree(result.report, books.read())
    shells = [process for process in result.report["processes"] if process["image"] == 1 and process["comm"] == "sh"]
    root = shells.pop(0)
    assert len(shells) == 10 and all(shell["ppid"] == root["pid"] for shell in shells)
    counts = {process["totals"]["heap"]["acquired_count"] for process in shells}
    assert len(counts) == 1 and counts != {0}, counts
