# SPDX-License-Identifier: GPL-2.0-or-later
"""Trees of processes: the books of every process, exact, however it came to be and ended."""

import collections
import glob
import json
import os
import re
import shutil
import signal
import subprocess
import time

import pytest

import harness

WORKER = "tree_worker"
BPFTOOL = shutil.which("bpftool") or "/usr/sbin/bpftool"
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


def function_of(site):
    """The worker's function, wherever the worker lies."""
    names = [frame.get("function") for frame in site["stack"]]
    return next((name for name in names if name in KINDS), names[0] if names else "?")


def seen(process):
    """The same of a process in the report. What exec swept away is no leak: it has no sites."""
    totals = process["totals"]["heap"]
    live = collections.defaultdict(lambda: [0, 0])
    for site in harness.heap_sites(process):
        found = live[function_of(site)]
        found[0] += site["live_count"]
        found[1] += site["live_bytes"]
    return {key: totals[key] for key in TOTALS}, process["unmatched_releases"], dict(live)


def expected(process, books):
    totals, unmatched, live = books[process["pid"], process["image"]]
    return totals, unmatched, {} if process["ended"] == "exec" else live


def is_consistent(process):
    totals = process["totals"]["heap"]
    return all(totals["acquired_" + unit] - totals["released_" + unit] == totals["live_" + unit] and
               sum(site["live_" + unit] for site in harness.heap_sites(process)) in
               (totals["live_" + unit], 0 if process["ended"] == "exec" else None) for unit in ("count", "bytes"))


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
        if key in books and seen(process) != expected(process, books):
            differences.append(f"{harness.describe(process)}: expected {expected(process, books)}, got {seen(process)}")
        if key not in books and process["comm"] == WORKER:
            differences.append(f"{harness.describe(process)} has no books")
        if not is_consistent(process):
            differences.append(f"{harness.describe(process)}: does not add up: {process['totals']}")
        if process["ended"] == "running" or process["exit"] not in (None, {"status": 0}):
            differences.append(f"{harness.describe(process)}: {process['ended']} {process['exit']}")
    differences += [f"not in the report: {key}" for key in books if key not in keys]
    assert not differences, "\n".join([f"{len(differences)} differences", *differences[:20]])


def unspoiled(report):
    losses = {name: count for name, count in report["losses"].items() if count and name != "releases_unmatched"}
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
    result = harness.run(options, ["make", "-C", str(folder), "-j8", "-r", "all"], env=books.env, timeout=3 * harness.TIMEOUT_S)
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


# The kernel ends the probes of one perf event at a time, for tens of milliseconds each, and
# "single" has some twenty for a process.
ONE_BY_ONE = {"session": 200, "multi": 200, "single": 10}


def test_probes_for_each_process(tmp_path, attach):
    """Without a namespace of its own."""
    run_make(["--attach", attach, "--no-namespace"], tmp_path, ONE_BY_ONE[attach])


def test_attached_parent_forks(tmp_path, attach):
    """Children of a process that was attached to, from their first instruction on."""
    books = Books(tmp_path)
    breadth = 14 if ONE_BY_ONE[attach] >= 200 else 2
    target = harness.start_waiting([harness.program_path(WORKER), "0", "5", "fork", str(breadth), "2", "--wait"],
                                   books.env)
    try:
        result = harness.trace(str(target.pid), ["--attach", attach], lambda tracer: harness.begin(target))
        assert result.status == 0, result.stderr
        written = books.read()
        assert len(written) == 1 + breadth + breadth * breadth
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


# ---- those outside ---------------------------------------------------------------


@pytest.fixture
def run_counts():
    """The kernel counts the runs of BPF programs; gives them for a process's uprobe programs."""
    switch = "/proc/sys/kernel/bpf_stats_enabled"
    with open(switch, encoding="ascii") as file:
        before = file.read()
    with open(switch, "w", encoding="ascii") as file:
        file.write("1")

    def counts(pid):
        programs = set()
        for path in glob.glob(f"/proc/{pid}/fdinfo/*"):
            try:
                with open(path, encoding="ascii") as file:
                    programs.update(int(line.split()[1]) for line in file if line.startswith("prog_id:"))
            except FileNotFoundError:
                # leaktrace closes descriptors meanwhile, those it has read /proc by for one.
                continue
        shown = json.loads(subprocess.run([BPFTOOL, "-j", "prog", "show"], capture_output=True, timeout=30,
                                          check=True).stdout)
        return {program["name"]: program.get("run_cnt", 0) for program in shown
                if program["id"] in programs and program["type"] == "kprobe"}

    yield counts
    with open(switch, "w", encoding="ascii") as file:
        file.write(before)


def check_untouched(tracer_pid, other_pid, counts):
    """Others that use the same libc enter no probe while the traced ones wait."""
    before = counts(tracer_pid)
    assert len(before) >= 3, before
    late = harness.start_waiting([harness.program_path("waiter")])
    try:
        for path in ("/bin/ls", "/bin/sh"):
            subprocess.run([path, "/dev/null"], capture_output=True, timeout=20, check=False)
        time.sleep(0.5)
        assert harness.text_pages_differ(late.pid) == []
        assert harness.text_pages_differ(other_pid) == []
        assert counts(tracer_pid) == before
    finally:
        harness.drop(late)


def take_steps(target, tracer_pid, other_pid, counts):
    """tree_late stands still between its steps: only these move what is counted."""
    for _ in range(2):
        check_untouched(tracer_pid, other_pid, counts)
        before = sum(counts(tracer_pid).values())
        harness.begin(target)
        harness.await_line(target, b"ready\n")
        assert sum(counts(tracer_pid).values()) >= before + 10
    harness.begin(target)


@pytest.mark.parametrize("options", [[], ["--no-namespace"]], ids=["namespace", "one_by_one"])
def test_nobody_else_enters_a_probe(attach, options, run_counts):
    other = harness.start_waiting([harness.program_path("waiter")])
    tracer = harness.start([harness.LEAKTRACE, "--attach", attach, *options, "--", harness.program_path("tree_late")],
                           stdin=subprocess.PIPE)
    try:
        harness.await_line(tracer, b"ready\n")
        take_steps(tracer, tracer.pid, other.pid, run_counts)
        status, _, stderr = harness.finish(tracer)
        assert status == 0, stderr
    finally:
        harness.drop(tracer)
        harness.drop(other)


def test_nobody_else_enters_a_probe_of_an_attachment(attach, run_counts):
    target = harness.start_waiting([harness.program_path("tree_late")])
    other = harness.start_waiting([harness.program_path("waiter")])

    def act(tracer):
        assert harness.text_pages_differ(target.pid), "there are no probes"
        take_steps(target, tracer.pid, other.pid, run_counts)

    try:
        result = harness.trace(str(target.pid), ["--attach", attach], act)
        assert result.status == 0, result.stderr
    finally:
        harness.drop(target)
        harness.drop(other)


# ---- containers ------------------------------------------------------------------


def libraries_of(program):
    """The loader and the libraries that it would load."""
    text = subprocess.run(["ldd", program], capture_output=True, timeout=20, check=True).stdout.decode()
    return [word for word in text.split() if word.startswith("/")]


def fill_root(root, worker):
    """A root with the worker and its own copies of the libraries; the folder for the books within."""
    for path in libraries_of(worker):
        copy = root / path.lstrip("/")
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    return Books(root)


def check_values(report, books):
    """check_tree where process ids are others inside: the workers' books as a heap of values."""
    unspoiled(report)
    workers = [process for process in report["processes"] if process["comm"] == WORKER and process["measured"]]
    found = [seen(process) for process in workers]
    wanted = list(books.values())
    assert sorted(map(repr, map(in_order, found))) == sorted(map(repr, map(in_order, wanted)))
    assert all(is_consistent(process) for process in workers)


def in_order(values):
    totals, unmatched, live = values
    return [totals[key] for key in TOTALS], unmatched, sorted(live.items())


def test_own_mount_namespace(tmp_path, attach):
    books = Books(tmp_path)
    worker = harness.program_path(WORKER)
    result = harness.run(["--attach", attach], ["unshare", "-m", "/bin/sh", "-c",
                                                f"mount -t tmpfs none /mnt && {worker} 1 1 fork 2 2; {worker} 1 2"],
                         env=books.env)
    assert result.status == 0, result.stderr
    written = books.read()
    assert len(written) == 8
    check_tree(result.report, written)


def test_own_process_namespace(tmp_path, attach):
    books = Books(tmp_path)
    worker = harness.program_path(WORKER)
    result = harness.run(["--attach", attach], ["unshare", "-pf", "--mount-proc", "/bin/sh", "-c",
                                                f"{worker} 1 1 fork 2 2; {worker} 1 2; {worker} 1 3; exit 0"],
                         env=books.env)
    assert result.status == 0, result.stderr
    written = books.read()
    assert len(written) == 9
    check_values(result.report, written)


@pytest.mark.parametrize("options", [[], ["--no-namespace"]], ids=["namespace", "one_by_one"])
def test_own_root(tmp_path, attach, options):
    """A root with its own libc, for a program whose file is known already from outside. leaktrace
    is slow at that moment: the process has to wait for its probes."""
    root, report = tmp_path / "root", tmp_path / "report.json"
    copy = root / WORKER
    root.mkdir()
    shutil.copy(harness.program_path(WORKER), copy)
    books = fill_root(root, harness.program_path(WORKER))
    script = (f"TREE_BOOKS={books.path} {copy} 1 1; chroot / /bin/true; echo ready; read line;"
              f"TREE_BOOKS=/books chroot {root} /{WORKER} 2 2 fork 2 1; exit 0")
    tracer = harness.start([harness.LEAKTRACE, "--json", str(report), "--top", "0", "--attach", attach, *options, "--",
                            "/bin/sh", "-c", script], stdin=subprocess.PIPE)
    try:
        harness.await_line(tracer, b"ready\n")
        tracer.send_signal(signal.SIGSTOP)
        harness.begin(tracer)
        time.sleep(0.3)
        tracer.send_signal(signal.SIGCONT)
        status, _, stderr = harness.finish(tracer)
    finally:
        harness.drop(tracer)
    assert status == 0, stderr
    written = books.read()
    assert len(written) == 4
    check_tree(harness.load_report(str(report)), written)


def test_own_root_static(tmp_path, attach):
    """Static programs: with symbols they are measured, without they are said not to be."""
    program = harness.program_path(WORKER, "static")
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(program, root / WORKER)
    subprocess.run(["strip", "-o", str(root / "stripped"), program], timeout=20, check=True)
    books = Books(root)
    result = harness.run(["--attach", attach],
                         ["/bin/sh", "-c", f"TREE_BOOKS=/books chroot {root} /{WORKER} 2 2 fork 2 1; chroot {root} /stripped 1 2; exit 0"])
    assert result.status == 0, result.stderr
    unspoiled(result.report)
    written = books.read()
    assert len(written) == 3
    by_key = {(process["pid"], process["image"]): process for process in result.report["processes"]}
    for key, (totals, unmatched, live) in written.items():
        found = seen(by_key[key])
        # The program's own loader code allocates, too.
        assert {name: pair for name, pair in found[2].items() if name in KINDS} == live
        assert found[0]["acquired_count"] - totals["acquired_count"] == \
            sum(pair[0] for name, pair in found[2].items() if name not in KINDS)
        assert found[1] == unmatched
    stripped = [process for process in result.report["processes"] if process["comm"] == "stripped"]
    assert len(stripped) == 1 and not stripped[0]["measured"] and stripped[0]["unmeasured_reason"]


def test_attached_to_a_container_with_deleted_libraries(tmp_path, attach):
    """Other mounts, other process ids, and no file left under its name."""
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(harness.program_path(WORKER), root / WORKER)
    fill_root(root, harness.program_path(WORKER))
    outer = harness.start_waiting(["unshare", "-mpf", "chroot", str(root), "/" + WORKER, "1", "4", "fork", "2", "1",
                                   "--wait"], {"TREE_BOOKS": "/books"})
    books = Books(tmp_path)
    try:
        with open(f"/proc/{outer.pid}/task/{outer.pid}/children", encoding="ascii") as file:
            pid = int(file.read())
        for path in [root / WORKER, *[root / path.lstrip("/") for path in libraries_of(harness.program_path(WORKER))]]:
            path.unlink()
        result = harness.trace(str(pid), ["--attach", attach], lambda tracer: harness.begin(outer))
        assert result.status == 0, result.stderr
        books.path = root / "books"
        written = books.read()
        assert len(written) == 3
        check_values(result.report, written)
        frames = [site["stack"][0] for process in result.report["processes"] for site in harness.heap_sites(process)]
        assert frames and all(os.path.basename(frame["file"]) == WORKER + ".c" and frame["line"] for frame in frames)
    finally:
        harness.drop(outer)


# ---- very many -------------------------------------------------------------------


def peak_kib(pid):
    try:
        with open(f"/proc/{pid}/status", encoding="ascii", errors="replace") as file:
            return next((int(line.split()[1]) for line in file if line.startswith("VmHWM")), 0)
    except OSError:
        return 0


def run_watched(arguments, timeout):
    """Runs leaktrace; returns its status, what it said and its greatest resident size."""
    tracer = harness.start(arguments, stdout=subprocess.DEVNULL)
    end, most = time.monotonic() + timeout * harness.SLOWNESS, 0
    while tracer.poll() is None and time.monotonic() < end:
        most = max(most, peak_kib(tracer.pid))
        time.sleep(0.02)
    status, _, stderr = harness.finish(tracer, 1)
    return status, harness.decode(stderr), most


def test_ten_thousand_processes(tmp_path):
    """In bounded time and memory, each of them in the report."""
    report = tmp_path / "report.json"
    script = "i=0; while [ $i -lt 10000 ]; do /bin/true; i=$((i+1)); done"
    status, stderr, most = run_watched([harness.LEAKTRACE, "--json", str(report), "-o", str(tmp_path / "recording"),
                                        "--", "/bin/sh", "-c", script], 150)
    assert status == 0, stderr[-2000:]
    found = harness.load_report(str(report))
    check_tree(found, {})
    assert len([process for process in found["processes"] if process["comm"] == "true"]) == 10000
    print(f"greatest resident size: {most} KiB")
    # A sanitizer keeps what was freed.
    assert 0 < most < (200 << 10 if not harness.is_sanitized() else 2000 << 10)


def test_tables_are_used_again(tmp_path):
    """Far more sites and blocks than there is room for at a time."""
    books = Books(tmp_path)
    worker = harness.program_path(WORKER)
    script = f"i=0; while [ $i -lt 1000 ]; do {worker} 1 $i; i=$((i+1)); done"
    result = harness.run(["--kinds", "heap", "--max-sites", "1024", "--max-live", "2048"], ["/bin/sh", "-c", script], env=books.env)
    assert result.status == 0, result.stderr[-2000:]
    written = books.read()
    assert sum(totals["live_count"] for totals, _, _ in written.values()) > 4 * 2048
    check_tree(result.report, written)


def test_a_short_life_has_names(tmp_path, attach):
    """Processes that live for a moment: function, file and line of every leak."""
    worker = harness.program_path(WORKER)
    books = Books(tmp_path)
    script = f"i=0; while [ $i -lt 100 ]; do {worker} 1 $i; i=$((i+1)); done"
    result = harness.run(["--attach", attach], ["/bin/sh", "-c", script], env=books.env)
    check_tree(result.report, books.read())
    lines = source_lines()
    workers = [process for process in result.report["processes"] if process["comm"] == WORKER]
    assert len(workers) == 100
    for process in workers:
        for site in harness.heap_sites(process):
            frame = site["stack"][0]
            assert os.path.basename(frame["file"]) == WORKER + ".c"
            assert re.search(r"(malloc|calloc|realloc)\(", lines[frame["line"] - 1]), (frame, lines[frame["line"] - 1])
            assert [frame["function"] for frame in site["stack"]][1:3] == ["work", "main"]


def source_lines():
    with open(harness.source_of(WORKER), encoding="utf-8") as file:
        return file.read().splitlines()
