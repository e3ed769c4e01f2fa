# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs a program under Valgrind and under leaktrace, alike in all that it can see.

Owns what has to be equal for their books to be equal. Allocations depend on the
environment (its size, the names of preloaded libraries), on what the standard streams
are, and on addresses:

- Valgrind adds to the environment: its preloaded libraries, what makes libstdc++ use
  operator new alone. A program that prints its environment is asked, and leaktrace's
  run gets the very same one, in the same order. The preloaded libraries replace nothing
  when Valgrind is not there to read their symbols.
- Streams are of the same kinds in both runs.
- Addresses are not randomised, so that a difference that comes of them is the same
  in every run.
"""

import collections
import os
import re
import shutil
import subprocess

import pytest

import harness

BOOKS = ("live_bytes", "live_count", "acquired_count", "released_count", "acquired_bytes")
SUMMARY = re.compile(r"in use at exit: ([\d,]+) bytes in ([\d,]+) blocks.*?"
                     r"total heap usage: ([\d,]+) allocs, ([\d,]+) frees, ([\d,]+) bytes allocated", re.DOTALL)
LEAK = re.compile(r"== ([\d,]+) bytes in ([\d,]+) blocks are still reachable in loss record.*\n((?:==\d+==    .*\n)+)")
FRAME = re.compile(r"(?:at|by) 0x[0-9A-F]+: (\S+)")
BASE = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C", "TZ": "UTC0", "HOME": "/nonexistent"}
FIXED = ["/usr/bin/setarch", "-R", "/usr/bin/env", "-i"]
TIMEOUT_S = 2 * harness.TIMEOUT_S

# Blocks that one of the two runs has more of, and why that is so: all live blocks of a
# size that `function` got from the allocator. Valgrind's stacks must lead through `via`.
Exempt = collections.namedtuple("Exempt", "size function via reason")
# What one tool counts and the other does not, by design; given as what Valgrind has more.
Convention = collections.namedtuple("Convention", "books reason")
Outcome = collections.namedtuple("Outcome", "status stdout books exempted parent")


def number(text):
    return int(text.replace(",", ""))


def tool(name):
    """The path of a program that is not ours; skips with its name when it is not there."""
    path = shutil.which(name, path=BASE["PATH"])
    if not path:
        pytest.skip(f"{name} is not installed")
    return path


def assignments(env):
    return [f"{name}={value}" for name, value in {**BASE, **(env or {})}.items()]


def launch(log, exempt):
    options = ["--run-libc-freeres=no", "--run-cxx-freeres=no", "--error-exitcode=0", "--log-file=" + log]
    leaks = ["--leak-check=full", "--show-leak-kinds=all"] if exempt else ["--leak-check=no"]
    return [tool("valgrind"), *options, *leaks, "--"]


def seen_environment(env):
    """The environment that a program has under Valgrind."""
    command = [*FIXED, *assignments(env), *launch("/dev/null", None), "/usr/bin/env", "-0"]
    output = subprocess.run(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, timeout=TIMEOUT_S, check=True)
    return [entry for entry in output.stdout.decode().split("\0") if entry]


def exempted_by_valgrind(log, exempt):
    count = 0
    for size, blocks, stack in LEAK.findall(log):
        functions = [name.split("(")[0] for name in FRAME.findall(stack)]
        if number(size) == exempt.size * number(blocks) and functions[1] == exempt.function:
            assert exempt.via in functions, f"{exempt.size} bytes from elsewhere:\n{stack}"
            count += number(blocks)
    return count


def run_valgrind(command, env, folder, exempt):
    log = str(folder / "valgrind.%p")
    with open(folder / "valgrind.stderr", "wb") as stderr:
        process = harness.start([*FIXED, *assignments(env), *launch(log, exempt), *command], stderr=stderr)
        status, stdout, _ = harness.finish(process, TIMEOUT_S)
    text = (folder / f"valgrind.{process.pid}").read_text(errors="replace")
    found = SUMMARY.search(text)
    assert found, f"no summary, status {status}:\n{text[-3000:]}"
    books = dict(zip(BOOKS, map(number, found.groups())))
    return Outcome(status, stdout, books, exempted_by_valgrind(text, exempt) if exempt else 0, os.getpid())


def exempted_by_leaktrace(process, exempt):
    return sum(site["live_count"] for site in harness.heap_sites(process)
               if site["stack"] and site["stack"][0]["function"] == exempt.function)


def run_leaktrace(command, env, folder, exempt, options):
    if exempt:
        # The sites then hold those blocks alone; totals know no filter.
        options = [*options, f"--min-size={exempt.size}", f"--max-size={exempt.size}"]
    with open(folder / "leaktrace.stderr", "w+b") as stderr:
        result = harness.run(options, [*FIXED, *seen_environment(env), *command], timeout=TIMEOUT_S, stderr=stderr)
        stderr.seek(0)
        said = harness.decode(stderr.read())
    assert result.report, f"no report, status {result.status}:\n{said[-3000:]}"
    process, = harness.select_processes(result.report, "root")
    losses = {name: count for name, count in result.report["losses"].items() if count}
    # A child gives back what it has from its parent.
    losses.pop("releases_unmatched", None)
    assert losses == {}, f"{losses}\n{said[-3000:]}"
    assert process["measured"] and process["unmatched_releases"] == 0
    books = {key: process["totals"]["heap"][key] for key in BOOKS}
    exempted = exempted_by_leaktrace(process, exempt) if exempt else 0
    return Outcome(result.status, result.stdout, books, exempted, process["ppid"])


def without(outcome, exempt, spells_parent):
    """The books less the blocks that are exempt: live, so never released."""
    books = dict(outcome.books)
    for key in ("live_count", "acquired_count"):
        books[key] -= outcome.exempted
    for key in ("live_bytes", "acquired_bytes"):
        books[key] -= outcome.exempted * exempt.size if exempt else 0
        books[key] -= len(str(outcome.parent)) if spells_parent else 0
    return books


def check_parity(command, folder, env=None, exempt=None, convention=None, spells_parent=False, options=()):
    """Fails unless both tools say the same of the same run, to the block and to the byte.

    A program that `spells_parent` keeps its parent's process id as text, in one block."""
    theirs = run_valgrind(command, env, folder, exempt)
    ours = run_leaktrace(command, env, folder, exempt, options)
    assert ours.status == theirs.status, f"status {ours.status}, under Valgrind {theirs.status}"
    assert ours.stdout == theirs.stdout, "the program did not do the same"
    mine, wanted = without(ours, exempt, spells_parent), without(theirs, exempt, spells_parent)
    for key, count in (convention.books if convention else {}).items():
        mine[key] += count
    assert mine == wanted, f"leaktrace: {mine}\nValgrind:  {wanted}"
    return ours
