# SPDX-License-Identifier: GPL-2.0-or-later
"""What is lost and what is still reachable: the same words as Valgrind and LeakSanitizer.

The programs say themselves what each of their blocks is, and where another tool differs,
with the reason.
"""

import os

import pytest

import harness
import reach
import test_allocators

SOURCES = {name: os.path.join(harness.SOURCES, name + suffix) for name, suffix in (("reach", ".c"), ("reach_cxx", ".cc"))}
CASES = [(name, case) for name, source in SOURCES.items() for case in reach.cases_of(source)]
# It looks when exit(3) has run the handlers, if its own thread is still there.
LSAN_DOES_NOT_LOOK = ("by__exit", "by_quick_exit", "by_last_thread")
GLIBC_ALONE = ("of_handler", "by_quick_exit", "coroutine")
# musl allocates from what is left over of its own data: what was freed there is seen as data.
# Its sbrk(2) gives nothing.
MUSL_OTHERWISE = ("holder_freed", "own_break")
# Built in other ways; what is not there by design.
FLAVOURS = {"static": ("reach", ()), "static-cxx": ("reach_cxx", ()), "musl": ("reach", GLIBC_ALONE + MUSL_OTHERWISE),
            "musl-static": ("reach", GLIBC_ALONE + MUSL_OTHERWISE)}
ALLOCATORS = ("jemalloc", "tcmalloc", "mimalloc")


def check(process, program, case, libraries=True):
    source = SOURCES[program]
    found, wanted = reach.leaktrace(process, source), reach.expected(source, case, "leaktrace")
    if not libraries:
        # What a library allocates for itself differs by library; none of it is lost.
        for key in reach.expected(source, case, "leaktrace", ("library",)):
            wanted.pop(key, None)
            found.pop((key[0], "reachable"), None)
    assert found == wanted, case


def check_all(program, cases, flavour=None, env=""):
    """All cases under one leaktrace, one after the other."""
    path = harness.program_path(program, flavour)
    result = harness.run(["--kinds", "heap"], ["/bin/sh", "-c", "; ".join(f"{env} {path} {case}" for case in cases)])
    processes = [process for process in result.report["processes"]
                 if process["image"] and process["comm"] == os.path.basename(path)[:15]]
    assert len(processes) == len(cases), result.stderr
    for process, case in zip(processes, cases):
        check(process, program, case, libraries=False)


@pytest.mark.parametrize("program,case", CASES)
def test_class(program, case):
    result = harness.run(["--kinds", "heap"], [harness.program_path(program), case])
    root, = harness.select_processes(result.report, "root")
    check(root, program, case)
    for child in (process for process in result.report["processes"] if process["image"] == 0
                  and process["comm"] == program):
        assert reach.leaktrace(child, SOURCES[program]) == reach.expected(SOURCES[program], case, "leaktrace", ("child",))


@pytest.mark.parametrize("program,case", CASES)
def test_valgrind(program, case):
    """Its blocks have low addresses, which a number in memory may look like by chance: one of three runs must agree."""
    expected, found = reach.expected(SOURCES[program], case, "valgrind"), []
    while expected not in found and len(found) < 3:
        found.append(reach.run_valgrind([harness.program_path(program), case], SOURCES[program]))
    assert expected in found, found


@pytest.mark.parametrize("program,case", CASES)
def test_lsan(program, case):
    found = reach.run_lsan([harness.program_path(program, "lsan"), case], SOURCES[program])
    if case in LSAN_DOES_NOT_LOOK:
        assert not found
        return
    assert found == reach.leaks_alone(reach.expected(SOURCES[program], case, "lsan"))


@pytest.mark.parametrize("flavour", FLAVOURS)
def test_flavour(flavour):
    program, missing = FLAVOURS[flavour]
    check_all(program, [case for each, case in CASES if each == program and case not in missing], flavour)


@pytest.mark.parametrize("allocator", ALLOCATORS)
@pytest.mark.parametrize("program", SOURCES)
def test_allocator(allocator, program):
    library = test_allocators.library(allocator)
    check_all(program, [case for each, case in CASES if each == program], env="LD_PRELOAD=" + library)
