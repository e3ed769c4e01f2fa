# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs leaktrace on the programs of tests/programs and holds the JSON against their heads.

Rows of a program's head:

    EXPECT heap acquired=COUNT/BYTES released=COUNT/BYTES live=COUNT/BYTES
        Totals. Blocks of "any" rows (below) are not part of them.
    EXPECT site FUNCTION COUNT/BYTES
        Live blocks whose innermost frame in the program itself is FUNCTION. As soon as
        there is one such row, the rows must name all sites with live blocks.
    EXPECT site @MODULE COUNT/any  |  EXPECT site @MODULE any
        Live blocks whose innermost frame is in a library: libc's own, the loader's.
    EXPECT stack FUNCTION COUNT/BYTES
        Live blocks with FUNCTION anywhere in their stack.
    EXPECT age FUNCTION MS
        The live blocks of that site are at least this old.
    EXPECT whole FUNCTION  |  EXPECT truncated FUNCTION
        Whether the stack of that site is cut.
    EXPECT end exited=STATUS | signaled=SIGNAL | exec | running
    EXPECT unmatched=COUNT
        Releases of what was acquired before the trace, or by a parent.
    EXPECT count=N
        Processes that a selector with a star finds.
    EXPECT processes N
        Processes in all.
    EXPECT loss NAME=COUNT  |  EXPECT loss NAME>=COUNT
        Losses that are not named are zero.
    EXPECT process SELECTOR ROW
        ROW for another process: root (the default), child, grandchild, or a comm; with
        a star for all such. Root is the image that came last.
    DEEP EXPECT ...
        Needs stacks through code without frame pointers (libstdc++, libc): checked apart.
    CASE NAME EXPECT ...
        Only when the program's argument is NAME; the program then runs once per case.
    RUN OPTIONS
        Further options for leaktrace.
    ENV NAME=VALUE
    EXPECT total KIND acquired=COUNT released=COUNT live=COUNT
        Totals of another kind than heap.
    EXPECT live KIND ROLE FUNCTION COUNT[/BYTES]  |  EXPECT live KIND none | any
        What a process holds of another kind, leaks alone, by the innermost frame in the
        program itself. The rows must name all of that kind.
    EXPECT role KIND ROLE COUNT
        What is no leak of that kind (a blank in a role is '_').
    EXPECT name KIND FUNCTION TEXT
        One that FUNCTION holds has a name that begins so.
    VARIANT attach | preload=LIBRARY [only] | flavour=FLAVOUR [deep]
        Run it again attached by -p, with a preloaded library, built in another way;
        "deep": its "stack" rows need such stacks.
"""

import collections
import contextlib
import ctypes
import fcntl
import functools
import glob
import json
import os
import re
import select
import shutil
import signal
import subprocess
import tempfile
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
LEAKTRACE = os.path.join(BUILD, "leaktrace")
PROGRAMS = os.path.join(BUILD, "tests", "programs")
SOURCES = os.path.join(ROOT, "tests", "programs")
ATTACH_MODES = ("session", "multi", "single")
# How many times as long a slow machine takes.
SLOWNESS = int(os.environ.get("TEST_SLOWNESS", "1"))
# A test that takes longer hangs.
TIMEOUT_S = 60 * SLOWNESS
# Whether tests that can be long are to be.
LONG = os.environ.get("LEAKTRACE_LONG") == "1"

LOSSES_SPOILING = ("live_full", "sites_full", "events_dropped", "threads_failed", "processes_failed")
# Functions of libc that allocate for their caller: not a site of their own.
LIBC_CALLER = re.compile(r"(__GI_)?_*(strdup|strndup|reallocarray|libc_reallocarray)$")
# What libraries do at their start, when they are part of a static program.
LIBRARY_FUNCTIONS = {"_dl_": "@ld-linux", "_GLOBAL__sub_I_eh_alloc": "@libstdc++"}


# ---- heads of programs -------------------------------------------------------


Expect = collections.namedtuple("Expect", "case selector words deep")
Head = collections.namedtuple("Head", "name expects cases options env variants")
Variant = collections.namedtuple("Variant", "program case flavour preload")


def source_of(program):
    for suffix in (".c", ".cc"):
        path = os.path.join(SOURCES, program + suffix)
        if os.path.exists(path):
            return path
    raise FileNotFoundError(program)


@functools.lru_cache(maxsize=None)
def head_of(program):
    head = Head(program, [], [], [], {}, [])
    with open(source_of(program), encoding="utf-8") as source:
        comment = source.read().split("*/")[1]
    for line in comment.splitlines():
        words = line.strip(" *").split()
        case = None
        deep = words[:1] == ["DEEP"]
        words = words[deep:]
        if words[:1] == ["CASE"]:
            case = words[1]
            words = words[2:]
            if case not in head.cases:
                head.cases.append(case)
        if words[:1] == ["EXPECT"]:
            selector = "root"
            words = words[1:]
            if words[0] == "process":
                selector, words = words[1], words[2:]
            head.expects.append(Expect(case, selector, words, deep))
        elif words[:1] == ["RUN"]:
            head.options.extend(words[1:])
        elif words[:1] == ["ENV"]:
            name, value = words[1].split("=", 1)
            head.env[name] = value
        elif words[:1] == ["VARIANT"]:
            head.variants.append(words[1:])
    return head


def programs_with_heads():
    names = sorted(os.path.splitext(os.path.basename(path))[0]
                   for path in glob.glob(os.path.join(SOURCES, "*.c")) + glob.glob(os.path.join(SOURCES, "*.cc")))
    return [name for name in names if head_of(name).expects]


def variants_of(program):
    """The ways to run a program as a command."""
    head = head_of(program)
    only = any("only" in variant for variant in head.variants)
    variants = []
    for case in head.cases or [None]:
        if not only:
            variants.append(Variant(program, case, None, None))
        for words in head.variants:
            key, _, value = words[0].partition("=")
            if key == "preload":
                variants.append(Variant(program, case, None, value))
            elif key == "flavour" and words[1:] != ["deep"]:
                variants.append(Variant(program, case, value, None))
    return variants


def deep_variants():
    """Those whose stacks lead through code without frame pointers."""
    found = []
    for program in programs_with_heads():
        if any(expect.deep for expect in head_of(program).expects):
            found.append(Variant(program, None, None, None))
        found += [Variant(program, None, words[0].partition("=")[2], None)
                  for words in head_of(program).variants if words[1:] == ["deep"]]
    return found


def attachable():
    return [Variant(program, case, None, None)
            for program in programs_with_heads() if ["attach"] in head_of(program).variants
            for case in head_of(program).cases or [None]]


def variant_id(variant):
    return "-".join(part for part in (variant.program, variant.case, variant.flavour, variant.preload) if part)


def builds_32_bit():
    compiler = [os.environ.get("CC", "gcc"), "-m32", "-x", "c", "-c", "-o", "/dev/null", "-"]
    return subprocess.run(compiler, input=b"int x;", capture_output=True, check=False).returncode == 0


NEEDS = {
    "musl": ("musl-gcc", lambda: shutil.which("musl-gcc")),
    "musl-static": ("musl-gcc", lambda: shutil.which("musl-gcc")),
    "jemalloc-linked": ("libjemalloc_pic.a", lambda: glob.glob("/usr/lib/*/libjemalloc_pic.a")),
    "32": ("a compiler for 32 bits (gcc -m32)", builds_32_bit),
}


def program_path(name, flavour=None):
    """The built program; a flavour that this machine cannot build is skipped with its cause."""
    path = os.path.join(PROGRAMS, name + ("." + flavour if flavour else ""))
    if not os.path.exists(path):
        tool, available = NEEDS.get(flavour, ("", lambda: True))
        if not available():
            pytest.skip(f"{os.path.basename(path)} was not built: {tool} is missing")
        pytest.fail(f"{path} is missing: run `make programs`")
    return path


# ---- running -----------------------------------------------------------------


Result = collections.namedtuple("Result", "status stdout stderr report")


def environment(extra=None):
    clean = {key: value for key, value in os.environ.items()
             if key not in ("LD_PRELOAD", "GLIBC_TUNABLES", "MALLOC_PERTURB_", "NO_COLOR")}
    clean.update(extra or {})
    return clean


def end_group(process):
    """Ends what a test started and what that started in its process group."""
    for number in (signal.SIGINT, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            break
        try:
            process.wait(5)
        except subprocess.TimeoutExpired:
            continue
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def start(arguments, env=None, **popen):
    popen.setdefault("stdin", subprocess.DEVNULL)
    popen.setdefault("stdout", subprocess.PIPE)
    popen.setdefault("stderr", subprocess.PIPE)
    return subprocess.Popen(arguments, env=environment(env), start_new_session=True, **popen)


def finish(process, timeout=TIMEOUT_S, stdin=None):
    """Waits for a process; when it takes too long, ends it and fails with what it wrote."""
    try:
        stdout, stderr = process.communicate(stdin, timeout)
    except subprocess.TimeoutExpired:
        end_group(process)
        stdout, stderr = process.communicate()
        pytest.fail(f"took longer than {timeout} s: {' '.join(process.args)}\n"
                    f"stdout: {decode(stdout)[-2000:]}\nstderr: {decode(stderr)[-4000:]}")
    # As a shell counts it: leaktrace's own death by a signal is never taken for a status.
    status = process.returncode if process.returncode >= 0 else 128 - process.returncode
    return status, stdout or b"", stderr or b""


def decode(data):
    return (data or b"").decode("utf-8", "replace")


def load_report(path):
    if not os.path.exists(path) or os.path.getsize(path) == 0:
        return None
    with open(path, encoding="utf-8") as file:
        return json.load(file)


class Scratch:
    """A path for the JSON of one run."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="leaktrace-test-")
        return os.path.join(self.folder, "report.json")

    def __exit__(self, *unused):
        shutil.rmtree(self.folder)


def run(options, command=None, env=None, timeout=TIMEOUT_S, **popen):
    """leaktrace OPTIONS [-- COMMAND] with a JSON report."""
    stdin = popen.pop("input", None)
    if stdin is not None:
        popen["stdin"] = subprocess.PIPE
    with Scratch() as report:
        arguments = [LEAKTRACE, "--json", report, "--top", "0", *options]
        arguments += ["--", *command] if command else []
        status, stdout, stderr = finish(start(arguments, env, **popen), timeout, stdin)
        return Result(status, stdout, decode(stderr), load_report(report))


def run_variant(variant, attach, more=()):
    head = head_of(variant.program)
    env = dict(head.env)
    command = [program_path(variant.program, variant.flavour)]
    if variant.case:
        command.append(variant.case)
    if variant.preload:
        command = ["/usr/bin/env", "LD_PRELOAD=" + os.path.join(PROGRAMS, variant.preload), *command]
    return run(["--attach", attach, *head.options, *more], command, env)


def start_waiting(command, env=None):
    """A program that says "ready" and waits for a byte on its standard input."""
    process = start(command, env, stdin=subprocess.PIPE)
    await_line(process, b"ready\n")
    return process


def await_line(process, line, timeout=TIMEOUT_S):
    got, end = b"", time.monotonic() + timeout
    while len(got) < len(line) and select.select([process.stdout], [], [], max(0, end - time.monotonic()))[0]:
        part = os.read(process.stdout.fileno(), len(line) - len(got))
        if not part:
            break
        got += part
    if got != line:
        end_group(process)
        pytest.fail(f"{process.args}: expected {line!r}, got {got!r}")


def is_sanitized():
    """leaktrace was built with SANITIZE=1."""
    with open(LEAKTRACE, "rb") as file:
        return b"__asan_init" in file.read()


def reads_signals(pid):
    try:
        files = [os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd")]
    except OSError:
        return False
    return "anon_inode:[signalfd]" in files


def await_attached(tracer, timeout=2 * TIMEOUT_S):
    """Until leaktrace waits for the end, all probes in place: from then on it takes SIGINT
    from a descriptor. Or until it has ended."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if tracer.poll() is not None or reads_signals(tracer.pid):
            return
        time.sleep(0.01)
    end_group(tracer)
    _, stderr = tracer.communicate()
    pytest.fail("leaktrace was not attached in time\n" + decode(stderr))


def begin(target):
    """Lets a waiting program go on."""
    target.stdin.write(b"\n")
    target.stdin.flush()


def trace(pids, options, action):
    """leaktrace -p PIDS; once it is attached, `action` is called with it, then it must end."""
    # A pipe that nobody reads meanwhile would hold it up.
    with Scratch() as report, tempfile.TemporaryFile() as output:
        tracer = start([LEAKTRACE, "--json", report, "--top", "0", *options, "-p", pids], stdout=output)
        await_attached(tracer)
        action(tracer)
        status, _, stderr = finish(tracer)
        output.seek(0)
        return Result(status, output.read(), decode(stderr), load_report(report))


def drop(target):
    end_group(target)
    for stream in (target.stdin, target.stdout, target.stderr):
        if stream:
            stream.close()


def run_attached(variant, attach, env=None, pids="{0}"):
    """The program waits, leaktrace attaches to it, it runs to its end."""
    head = head_of(variant.program)
    command = [program_path(variant.program, variant.flavour)]
    command += [variant.case] if variant.case else []
    target = start_waiting([*command, "--wait"], {**head.env, **(env or {})})
    try:
        return trace(pids.format(target.pid), ["--attach", attach, *head.options], lambda tracer: begin(target))
    finally:
        drop(target)


# ---- tests that disturb each other -----------------------------------------


@functools.lru_cache(maxsize=None)
def turns_file():
    return open(os.path.join(BUILD, "tests", "turns"), "w", encoding="ascii")


@contextlib.contextmanager
def turn(exclusive):
    """One's own or, of all tests that are no such, together."""
    try:
        fcntl.flock(turns_file(), fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        yield
    finally:
        fcntl.flock(turns_file(), fcntl.LOCK_UN)


@contextlib.contextmanager
def alone():
    """Within a test: until others have ended, and while this one goes on, none does."""
    with turn(exclusive=True):
        yield
    fcntl.flock(turns_file(), fcntl.LOCK_SH)


# ---- what this machine can do ------------------------------------------------


@functools.lru_cache(maxsize=None)
def lacking(attach):
    """Why this way to attach cannot be used here, None when it can: leaktrace itself is asked.
    Any other trouble is no reason to skip: the test itself shall fail with it."""
    result = run(["--attach", attach], ["/bin/true"])
    if result.status == 125 and f"this kernel cannot attach probes by --attach {attach}" in result.stderr:
        return result.stderr.strip()
    return None


def need(attach):
    cause = lacking(attach)
    if cause:
        pytest.skip(cause)


# ---- comparison --------------------------------------------------------------


def in_program(frame):
    return (frame.get("module") or "").startswith(PROGRAMS + "/") and frame.get("function")


def plain(function):
    """C++ names without their parameters."""
    return function.split("(")[0]


def site_name(site):
    module = "@?"
    for frame in site["stack"]:
        function = plain(frame.get("function") or "")
        library = [LIBRARY_FUNCTIONS[key] for key in LIBRARY_FUNCTIONS if function.startswith(key)]
        if library:
            return library[0]
        if in_program(frame):
            return function
        module = "@" + os.path.basename(frame.get("module") or "?").split(".so")[0]
        if not LIBC_CALLER.match(function):
            break
    return module


def heap_sites(process):
    return [site for site in process["sites"] if site["kind"] == "heap"]


def live_sites(process):
    """Live blocks by site name: [count, bytes]."""
    sites = collections.defaultdict(lambda: [0, 0])
    for site in heap_sites(process):
        if site["live_count"]:
            found = sites[site_name(site)]
            found[0] += site["live_count"]
            found[1] += site["live_bytes"]
    return sites


def pair(values):
    return f"{values[0]}/{values[1]}"


def take_any(rows, sites):
    """Removes the sites that "any" rows allow; returns what they held, and differences."""
    taken, differences = [0, 0], []
    for row in rows:
        name, amount = row[1], row[2]
        if not amount.endswith("any"):
            continue
        matches = [key for key in sites if key.startswith(name)]
        count = sum(sites[key][0] for key in matches)
        if amount != "any" and count != int(amount.split("/")[0]):
            differences.append(f"site {name}: expected {amount}, got {count} blocks")
        for key in matches:
            taken = [taken[0] + sites[key][0], taken[1] + sites[key][1]]
            del sites[key]
    return taken, differences


def compare_sites(rows, sites):
    expected = {row[1]: row[2] for row in rows if not row[2].endswith("any")}
    if not expected:
        return []
    differences = []
    for name in sorted(set(expected) | set(sites)):
        got = pair(sites[name]) if name in sites else "none"
        if got != expected.get(name, "none"):
            differences.append(f"site {name}: expected {expected.get(name, 'none')}, got {got}")
    return differences


def compare_heap(row, totals, taken):
    """"any" blocks were acquired and are live; the rest must be exact."""
    differences = []
    for word in row[1:]:
        what, amount = word.split("=")
        extra = [0, 0] if what == "released" else taken
        got = pair([totals[what + "_count"] - extra[0], totals[what + "_bytes"] - extra[1]])
        if got != amount:
            differences.append(f"heap {what}: expected {amount}, got {got}")
    return differences


def sites_named(process, name):
    return [site for site in heap_sites(process) if site_name(site) == name]


def compare_stack(row, process, taken):
    found = [0, 0]
    for site in heap_sites(process):
        if row[1] in [plain(frame.get("function") or "") for frame in site["stack"]]:
            found = [found[0] + site["live_count"], found[1] + site["live_bytes"]]
    return [] if pair(found) == row[2] else [f"stack {row[1]}: expected {row[2]}, got {pair(found)}"]


def compare_age(row, process, taken):
    ages = [resource["age_ns"] for site in sites_named(process, row[1]) for resource in site["resources"]]
    if ages and min(ages) >= int(row[2]) * 1000000:
        return []
    return [f"age {row[1]}: expected at least {row[2]} ms, got {[age / 1e6 for age in ages]} ms"]


def compare_cut(row, process, taken):
    cuts = [site["truncated"] for site in sites_named(process, row[1])]
    return [] if cuts == [row[0] == "truncated"] else [f"{row[0]} {row[1]}: truncated is {cuts}"]


def compare_end(row, process, taken):
    word, _, value = row[1].partition("=")
    exit_value = process.get("exit") or {}
    got = process["ended"]
    key = {"exited": "status", "signaled": "signal"}.get(word)
    if got == word and (not key or exit_value.get(key) == int(value)):
        return []
    return [f"end: expected {row[1]}, got {got} {exit_value}"]


def compare_unmatched(row, process, taken):
    expected = int(row[0].partition("=")[2])
    got = process["unmatched_releases"]
    return [] if got == expected else [f"unmatched releases: expected {expected}, got {got}"]


# Roles that count among leaks.
LEAKS = ("held", "unseen", "running", "unjoined")


def compare_total(row, process, taken):
    totals = process["totals"][row[1]]
    got = [f"{what}={totals[what + '_count']}" for what in ("acquired", "released", "live")]
    return [] if got == row[2:] else [f"total {row[1]}: expected {row[2:]}, got {got}"]


def innermost(site):
    """The innermost function in the program itself, or what stands for it."""
    names = [frame["function"] for frame in site["stack"] if in_program(frame)]
    return plain(names[0]) if names else "?"


def compare_live(rows, process):
    """All rows of one kind."""
    found = collections.defaultdict(lambda: [0, 0])
    kind = rows[0][1]
    for site in process["sites"]:
        if site["kind"] == kind and site["role"] in LEAKS:
            amount = found[site["role"], innermost(site)]
            amount[0] += site["live_count"]
            amount[1] += site["live_bytes"]
    if ["any"] in [row[2:] for row in rows]:
        return []
    expected = {(row[2], row[3]): row[4] for row in rows if row[2] != "none"}
    differences = []
    for key in sorted(set(expected) | set(found)):
        got = pair(found[key]) if "/" in expected.get(key, "/") else str(found[key][0])
        if got != expected.get(key):
            differences.append(f"live {kind} {' '.join(key)}: expected {expected.get(key)}, got {got}")
    return differences


def compare_role(row, process, taken):
    count = sum(site["live_count"] for site in process["sites"]
                if site["kind"] == row[1] and site["role"] == row[2].replace("_", " "))
    return [] if count == int(row[3]) else [f"role {row[1]} {row[2]}: expected {row[3]}, got {count}"]


def compare_name(row, process, taken):
    names = [resource["name"] or "" for site in process["sites"] if site["kind"] == row[1] and innermost(site) == row[2]
             for resource in site["resources"]]
    text = " ".join(row[3:])
    return [] if any(name.startswith(text) for name in names) else [f"name {row[1]} {row[2]}: expected {text}, got {names}"]


ROWS = {
    "total": compare_total,
    "role": compare_role,
    "name": compare_name,
    "heap": lambda row, process, taken: compare_heap(row, process["totals"]["heap"], taken),
    "stack": compare_stack,
    "age": compare_age,
    "whole": compare_cut,
    "truncated": compare_cut,
    "end": compare_end,
    "unmatched": compare_unmatched,
}


def compare_process(rows, process):
    sites = live_sites(process)
    site_rows = [row for row in rows if row[0] == "site"]
    taken, differences = take_any(site_rows, sites)
    differences += compare_sites(site_rows, sites)
    for kind in sorted({row[1] for row in rows if row[0] == "live"}):
        differences += compare_live([row for row in rows if row[:2] == ["live", kind]], process)
    for row in rows:
        key = row[0].partition("=")[0]
        if key not in ("site", "count", "live"):
            differences += ROWS[key](row, process, taken)
    return differences


# ---- which process is which --------------------------------------------------


def generation(process, by_pid):
    """0 for the root, 1 for its children, ..."""
    depth = 0
    while process["ppid"] in by_pid and depth < 100:
        process = by_pid[process["ppid"]]
        depth += 1
    return depth


GENERATIONS = {"root": 0, "child": 1, "grandchild": 2}


def select_processes(report, selector):
    name = selector.rstrip("*")
    processes = report["processes"]
    if name not in GENERATIONS:
        return [process for process in processes if process["comm"] == name]
    by_pid = {process["pid"]: process for process in processes}
    found = [process for process in processes if generation(process, by_pid) == GENERATIONS[name]]
    if name == "root" and found:
        return [max(found, key=lambda process: process["image"])]
    return found


def describe(process):
    return f"{process['comm']}[{process['pid']}+{process['image']}]"


def compare_selected(report, selector, rows):
    processes = select_processes(report, selector)
    everything = [f"{describe(process)} of {process['ppid']}, {process['ended']}" for process in report["processes"]]
    if not processes or (len(processes) > 1 and not selector.endswith("*")):
        return [f"process {selector}: {len(processes)} found in {everything[:20]}"]
    differences = []
    for row in rows:
        if row[0].startswith("count=") and len(processes) != int(row[0][6:]):
            differences.append(f"process {selector}: expected {row[0][6:]}, got {len(processes)}")
    for process in processes:
        differences += [f"{describe(process)}: {text}" for text in compare_process(rows, process)]
    return differences


def compare_losses(rows, losses, allowed):
    bounds = {}
    for row in rows:
        name, operator, count = re.match(r"(\w+)(>?=)(\d+)$", row[1]).groups()
        bounds[name] = (operator, int(count))
    differences = []
    for name in sorted(set(losses) | set(bounds)):
        operator, count = bounds.get(name, (">=" if name in allowed else "=", 0))
        got = losses.get(name, 0)
        if not (got >= count if operator == ">=" else got == count):
            differences.append(f"loss {name}: expected {operator}{count}, got {got}")
    return differences


def compare(program, case, result, allowed_losses=(), deep=False, frameless=False, extra_rows=()):
    """Differences between a program's head and what leaktrace found, as lines of text."""
    if result.report is None:
        return [f"no report, status {result.status}: {result.stderr[-3000:]}"]
    expects = [expect for expect in head_of(program).expects
               if expect.case in (None, case)
               and (deep or not (expect.deep or frameless and expect.words[0] == "stack"))]
    by_selector = collections.defaultdict(list)
    for expect in expects:
        by_selector[expect.selector].append(expect.words)
    by_selector["root"] += extra_rows
    loss_rows = [row for row in by_selector["root"] if row[0] == "loss"]
    differences = compare_losses(loss_rows, result.report["losses"], allowed_losses)
    for row in by_selector["root"]:
        if row[0] == "processes" and len({process["pid"] for process in result.report["processes"]}) != int(row[1]):
            differences.append(f"processes: expected {row[1]}, got {len(result.report['processes'])}")
    for selector, rows in by_selector.items():
        rows = [row for row in rows if row[0] not in ("loss", "processes")]
        if rows:
            differences += compare_selected(result.report, selector, rows)
    return differences


def expected_status(program, case):
    """What the command's own end gives: 128+n for a signal."""
    for expect in head_of(program).expects:
        if expect.case in (None, case) and expect.selector == "root" and expect.words[0] == "end":
            word, _, value = expect.words[1].partition("=")
            return int(value) + (128 if word == "signaled" else 0)
    return 0


class ShallowStacks(AssertionError):
    """Only the stacks are not what they should be."""


def check(program, case, result, status, deep=False, **how):
    differences = compare(program, case, result, **how)
    if result.status != status:
        differences.insert(0, f"exit status: expected {status}, got {result.status}")
    if deep and not differences:
        shallow = compare(program, case, result, deep=True, **how)
        if shallow:
            raise ShallowStacks("\n  ".join(shallow))
    if differences:
        pytest.fail("\n  ".join([f"{program} {case or ''}:", *differences]) + "\n" + result.stderr[-3000:],
                    pytrace=False)


def check_variant(variant, result, status, deep=False):
    """What a variant adds to the head's rows."""
    extra, allowed = [], []
    if (variant.flavour or "").startswith("static"):
        extra = [["site", "@ld-linux", "any"]]
    if variant.preload == "libheader.so":
        # The inner allocator's frees are of blocks that nobody was given.
        allowed.append("releases_unmatched")
    if (variant.flavour or "").startswith("musl"):
        # Debian builds musl without call frame information.
        allowed.append("stacks_no_rule")
    check(variant.program, variant.case, result, status, deep=deep, frameless=variant.flavour == "nofp",
          extra_rows=extra, allowed_losses=allowed)


# ---- what must not stay ------------------------------------------------------


def held_by_others():
    """BPF programs and links that a process holds that is no leaktrace of ours."""
    held = {"prog_id": set(), "link_id": set()}
    for process in glob.glob("/proc/[0-9]*"):
        try:
            if os.readlink(process + "/exe") == LEAKTRACE:
                continue
        except OSError:
            continue
        for path in glob.glob(process + "/fdinfo/*"):
            try:
                with open(path, encoding="utf-8") as file:
                    fields = dict(line.split(":", 1) for line in file if ":" in line)
            except OSError:
                continue
            for key in set(held) & set(fields):
                held[key].add(int(fields[key]))
    return held


def bpf_objects(kind):
    """Ids of BPF programs or links, but for those that others hold."""
    tool = shutil.which("bpftool") or "/usr/sbin/bpftool"
    # It fails when one that others hold goes away under it.
    for attempts_left in range(9, -1, -1):
        done = subprocess.run([tool, "-j", kind, "show"], capture_output=True, timeout=30, check=not attempts_left)
        if not done.returncode:
            break
    output = done.stdout
    return {entry["id"] for entry in json.loads(output or b"[]")} - held_by_others()[kind + "_id"]


@functools.lru_cache(maxsize=None)
def tracefs():
    """A mount that nobody sees, as leaktrace's own; None: not to be had."""
    libc = ctypes.CDLL(None, use_errno=True)
    fsopen, fsconfig, fsmount, create = 430, 431, 432, 6
    context = libc.syscall(fsopen, b"tracefs", 1)
    if context < 0:
        return None
    done = libc.syscall(fsconfig, context, create, None, None, 0)
    mount = -1 if done else libc.syscall(fsmount, context, 1, 0)
    os.close(context)
    return None if mount < 0 else f"/proc/{os.getpid()}/fd/{mount}"


def probe_definitions():
    if not tracefs():
        return set()
    with open(f"{tracefs()}/uprobe_events", encoding="utf-8") as file:
        return {line.split()[0] for line in file}


def mounts():
    with open("/proc/self/mountinfo", encoding="utf-8") as file:
        return {line.split()[4] for line in file}


def stopped_programs():
    """Stopped or traced processes that run one of our programs."""
    found = set()
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                state = file.read().rpartition(")")[2].split()[0]
            exe = os.readlink(os.path.dirname(path) + "/exe")
        except OSError:
            continue
        if state in "Tt" and exe.startswith(PROGRAMS):
            found.add((path, exe))
    return found


def programs_that_stay_stopped(patience_s=20):
    """Those that are stopped now and go on being so: other tests, which run beside, stop some for a
    moment."""
    left = stopped_programs()
    end = time.monotonic() + patience_s
    while left and time.monotonic() < end:
        time.sleep(0.1)
        left &= stopped_programs()
    return left


def text_pages_differ(pid):
    """Executable mappings of files whose bytes are not the file's: a breakpoint was left."""
    different = []
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps, open(f"/proc/{pid}/mem", "rb") as memory:
        for line in maps:
            fields = line.split(None, 5)
            if "x" not in fields[1] or len(fields) < 6 or not fields[5].startswith("/"):
                continue
            first, last = (int(part, 16) for part in fields[0].split("-"))
            memory.seek(first)
            mapped = memory.read(last - first)
            with open(fields[5].strip(), "rb") as file:
                file.seek(int(fields[2], 16))
                stored = file.read(last - first)
            if mapped[:len(stored)] != stored:
                different.append(fields[5].strip())
    return different


def traces():
    return {"programs": bpf_objects("prog"), "links": bpf_objects("link"), "mounts": mounts(),
            "stopped": stopped_programs(), "definitions": probe_definitions()}


def left_behind(before, patience_s=180):
    """What is there now, was not before, and does not go; the kernel frees some things late, and other tests run beside."""
    now = traces()
    left = {key: now[key] - before[key] for key in now}
    end = time.monotonic() + patience_s
    while any(left.values()) and time.monotonic() < end:
        time.sleep(0.2)
        now = traces()
        left = {key: left[key] & now[key] for key in now}
    return {key: ids for key, ids in left.items() if ids}
