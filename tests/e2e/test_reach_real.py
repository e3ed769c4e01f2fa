# SPDX-License-Identifier: GPL-2.0-or-later
"""What real programs have lost at their end: by class the same bytes and blocks as Valgrind's.

And a Python extension in C that loses objects and memory."""

import collections
import os
import re
import subprocess
import sysconfig

import pytest

import harness
import test_valgrind
import valgrind
from test_valgrind import fixture_records, fixture_repository  # pylint: disable=unused-import

CLASSES = {"definitely lost": "definite", "indirectly lost": "indirect", "possibly lost": "possible",
           "still reachable": "reachable"}
SUMMARY = re.compile(r"== +(definitely lost|indirectly lost|possibly lost|still reachable): ([\d,]+) bytes in ([\d,]+) blocks")
VALGRIND = ["--leak-check=full", "--run-libc-freeres=no", "--run-cxx-freeres=no", "--error-exitcode=0"]


def by_valgrind(command, env, folder):
    log = str(folder / "valgrind.%p")
    launch = [valgrind.tool("valgrind"), *VALGRIND, "--log-file=" + log, "--"]
    process = harness.start([*valgrind.FIXED, *valgrind.assignments(env), *launch, *command], stdout=subprocess.DEVNULL)
    harness.finish(process, valgrind.TIMEOUT_S)
    text = (folder / f"valgrind.{process.pid}").read_text(errors="replace")
    assert "HEAP SUMMARY" in text, text
    found = {CLASSES[name]: (valgrind.number(size), valgrind.number(blocks)) for name, size, blocks in SUMMARY.findall(text)}
    return {name: amount for name, amount in found.items() if amount[1]}


def classes_of(process):
    found = collections.defaultdict(lambda: [0, 0])
    for site in harness.heap_sites(process):
        found[site["class"]][0] += site["live_bytes"]
        found[site["class"]][1] += site["live_count"]
    return {name: tuple(amount) for name, amount in found.items() if amount[1]}


def by_leaktrace(command, env, options):
    result = harness.run(["--kinds", "heap", *options], [*valgrind.FIXED, *valgrind.seen_environment(env), *command],
                         timeout=valgrind.TIMEOUT_S, stdout=subprocess.DEVNULL)
    assert result.report, result.stderr[-3000:]
    process, = harness.select_processes(result.report, "root")
    assert process["scan"]["state"] == "done"
    return classes_of(process), process["ppid"]


def lost_and_held(classes):
    """Possibly lost and reachable as one."""
    held = [classes.get(name, (0, 0)) for name in ("possible", "reachable")]
    return classes.get("definite"), classes.get("indirect"), tuple(map(sum, zip(*held)))


# What ld.so keeps for its search: it points behind the heads of these, which count as starts.
LINKER_TABLE_BYTES = 2304


def with_tables(ours, theirs):
    """Ours, with as many of the tables possibly lost as Valgrind calls so."""
    (size, blocks), (held_size, held_blocks) = ours.get("possible", (0, 0)), ours["reachable"]
    tables = theirs.get("possible", (0, 0))[1] - blocks
    moved = tables * LINKER_TABLE_BYTES
    return {**ours, "possible": (size + moved, blocks + tables), "reachable": (held_size - moved, held_blocks - tables)}


def without_parent(classes, parent):
    """A shell keeps its parent's process id as text, which it can reach."""
    size, blocks = classes["reachable"]
    return {**classes, "reachable": (size - len(str(parent)), blocks)}


def compare(command, folder, env=None, has_stale=False, linker_tables=False, spells_parent=False):
    """Memory is read by each way that there is. `has_stale`: memory that the program has not
    written since it got it holds old pointers; Valgrind knows that they mean nothing."""
    theirs = by_valgrind(command, env, folder)
    if spells_parent:
        theirs = without_parent(theirs, os.getpid())
    for way in ("call", "program"):
        ours, parent = by_leaktrace(command, env, ["--scan-way", way])
        if spells_parent:
            ours = without_parent(ours, parent)
        if linker_tables:
            ours = with_tables(ours, theirs)
        if has_stale:
            assert lost_and_held(ours) == lost_and_held(theirs)
        else:
            assert ours == theirs
    return theirs


def test_python(tmp_path):
    """All that the interpreter has made is left to the end."""
    env = {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"}
    script = "import json, re, collections\nd = {i: json.dumps(list(range(i % 50))) for i in range(2000)}\n"
    compare(["/usr/bin/python3", "-S", "-B", "-c", script], tmp_path, env, linker_tables=True)


def test_perl(tmp_path):
    env = {"PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"}
    script = "my %h; $h{$_} = [1 .. 10] for 1 .. 2000; my @l = map { { a => $_ } } 1 .. 500;"
    theirs = compare([valgrind.tool("perl"), "-e", script], tmp_path, env)
    assert theirs["definite"][1] > 10


def test_gawk(tmp_path):
    assert compare([valgrind.tool("gawk"), test_valgrind.GAWK], tmp_path, has_stale=True)["possible"][1] > 100


def test_sqlite(tmp_path):
    compare([valgrind.tool("sqlite3"), ":memory:", test_valgrind.SQL.replace("100000", "1000")], tmp_path)


def test_jq(records, tmp_path):
    compare([valgrind.tool("jq"), "-c", "select(.id % 1000 == 0) | [.name, .tags]", records], tmp_path)


def test_bash(tmp_path):
    script = "for i in {1..300}; do a[$i]=$i; b+=x; done; f() { local x=$1; echo $x; }; f 3; echo ${#b}"
    compare([valgrind.tool("bash"), "--norc", "-c", script], tmp_path, spells_parent=True)


def test_git(repository, tmp_path):
    compare([valgrind.tool("git"), "-C", repository, "--no-pager", "log", "-p", "--stat"], tmp_path, test_valgrind.GIT_ENV)


# ---- a Python extension ----------------------------------------------------------------


@pytest.fixture(name="extension", scope="module")
def fixture_extension(tmp_path_factory):
    include = sysconfig.get_paths()["include"]
    assert os.path.exists(os.path.join(include, "Python.h")), "python3-dev is missing: scripts/install-deps.sh"
    folder = tmp_path_factory.mktemp("extension")
    source = os.path.join(harness.SOURCES, "python", "leaky.c")
    subprocess.run(["gcc", "-O1", "-g", "-shared", "-fPIC", "-Wall", "-Werror", "-I" + include, "-o", str(folder / "leaky.so"), source],
                   check=True)
    return str(folder)


def lost_by_extension(folder, calls):
    """What is lost at the end of an interpreter, by the function of the extension."""
    env = {"PYTHONMALLOC": "malloc", "PYTHONPATH": folder}
    result = harness.run(["--kinds", "heap"], ["/usr/bin/env", *(f"{key}={value}" for key, value in env.items()),
                                               "/usr/bin/python3", "-c", f"import leaky\n{calls}\n"])
    process, = harness.select_processes(result.report, "root")
    assert process["scan"]["state"] == "done", result.stderr
    found = collections.Counter()
    for site in harness.heap_sites(process):
        if site["class"] in ("possible", "reachable"):
            continue
        frames = [frame for frame in site["stack"] if os.path.basename(frame["file"] or "") == "leaky.c"]
        assert frames, f"lost without the extension's doing: {site}"
        found[frames[0]["function"], frames[0]["line"], site["class"]] += site["live_count"]
    return found


def line_of(text):
    with open(os.path.join(harness.SOURCES, "python", "leaky.c"), encoding="utf-8") as file:
        return next(number for number, line in enumerate(file, 1) if text in line)


@pytest.mark.parametrize("function,text", [("lose_bytes", "PyBytes_FromStringAndSize"), ("lose_text", "PyUnicode_New"),
                                           ("lose_block", "calloc(1, 4321)")])
def test_extension(extension, function, text):
    found = lost_by_extension(extension, f"for i in range(20): leaky.{function}()")
    assert {key[:2] for key in found} == {(function, line_of(text))}
    # Bits that the interpreter leaves as they were may look like a pointer to one or two.
    assert found[function, line_of(text), "definite"] >= 15 and sum(found.values()) <= 20


def test_container_of_the_collector(extension):
    """Held by the collector's list: what tells of it is growth, and no look at one moment."""
    assert not lost_by_extension(extension, "for i in range(20): leaky.lose_list()")
