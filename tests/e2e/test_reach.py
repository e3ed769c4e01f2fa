# SPDX-License-Identifier: GPL-2.0-or-later
"""What is lost and what is still reachable: the same words as Valgrind and LeakSanitizer.

The programs say themselves what each of their blocks is, and where another tool differs,
with the reason.
"""

import os

import pytest

import harness
import reach

SOURCE = os.path.join(harness.SOURCES, "reach.c")
CASES = reach.cases_of(SOURCE)
# It looks when exit(3) has run the handlers, if its own thread is still there.
LSAN_DOES_NOT_LOOK = ("by__exit", "by_quick_exit", "by_last_thread")
GLIBC_ALONE = ("of_handler", "by_quick_exit", "coroutine")
# musl allocates from what is left over of its own data: what was freed there is seen as data.
# Its sbrk(2) gives nothing.
MUSL_OTHERWISE = ("holder_freed", "own_break")
# Built in other ways; what is not there by design.
FLAVOURS = {"static": (), "musl": GLIBC_ALONE + MUSL_OTHERWISE, "musl-static": GLIBC_ALONE + MUSL_OTHERWISE}


def trace(case, flavour=None, env=None, options=()):
    command = [harness.program_path("reach", flavour), case]
    if env:
        command = ["/usr/bin/env", *(f"{name}={value}" for name, value in env.items()), *command]
    return harness.run(["--kinds", "heap", *options], command)


def check(result, case, libraries=True):
    root, = harness.select_processes(result.report, "root")
    found, wanted = reach.leaktrace(root, SOURCE), reach.expected(SOURCE, case, "leaktrace")
    if not libraries:
        # What a library allocates for itself differs by library; none of it is lost.
        for key in reach.expected(SOURCE, case, "leaktrace", ("library",)):
            wanted.pop(key)
            found.pop(key, None)
    assert found == wanted, result.stderr


@pytest.mark.parametrize("case", CASES)
def test_class(case):
    result = trace(case)
    check(result, case)
    for child in (process for process in result.report["processes"] if process["image"] == 0
                  and process["comm"] == "reach"):
        assert reach.leaktrace(child, SOURCE) == reach.expected(SOURCE, case, "leaktrace", ("child",))


@pytest.mark.parametrize("case", CASES)
def test_valgrind(case):
    found = reach.run_valgrind([harness.program_path("reach"), case], SOURCE)
    assert found == reach.expected(SOURCE, case, "valgrind")


@pytest.mark.parametrize("case", CASES)
def test_lsan(case):
    found = reach.run_lsan([harness.program_path("reach", "lsan"), case], SOURCE)
    if case in LSAN_DOES_NOT_LOOK:
        assert not found
        return
    assert found == reach.leaks_alone(reach.expected(SOURCE, case, "lsan"))


@pytest.mark.parametrize("flavour,case", [(flavour, case) for flavour, missing in FLAVOURS.items()
                                          for case in CASES if case not in missing])
def test_flavour(flavour, case):
    check(trace(case, flavour), case, libraries=False)
