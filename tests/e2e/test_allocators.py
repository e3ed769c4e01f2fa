# SPDX-License-Identifier: GPL-2.0-or-later
"""The same programs under other allocators: the same live blocks at the same sites."""

import glob

import pytest

import harness

LIBRARIES = {
    "jemalloc": "libjemalloc.so.2",
    "tcmalloc": "libtcmalloc_minimal.so.4",
    "mimalloc": "libmimalloc.so.2*",
}
MUSL = ("musl", "musl-static")


def library(name):
    found = sorted(glob.glob("/usr/lib/*-linux-gnu/" + LIBRARIES[name]))
    if not found:
        pytest.skip(f"{LIBRARIES[name]} is not installed")
    return found[0]


def own_sites(result):
    assert result.report is not None, result.stderr
    process = harness.select_processes(result.report, "root")[0]
    sites = harness.live_sites(process)
    return {name: harness.pair(found) for name, found in sites.items() if not name.startswith("@")}


def expected_sites(program):
    rows = [expect.words for expect in harness.head_of(program).expects if expect.words[0] == "site"]
    return {row[1]: row[2] for row in rows if not row[1].startswith("@")}


def spoiled(result):
    return {name: result.report["losses"].get(name, 0) for name in harness.LOSSES_SPOILING
            if result.report["losses"].get(name, 0)}


def check(program, result):
    assert result.status == 0, result.stderr
    assert own_sites(result) == expected_sites(program), result.stderr
    assert spoiled(result) == {}


def preloaded(name, program, attach):
    command = ["/usr/bin/env", "LD_PRELOAD=" + library(name), harness.program_path(program)]
    return harness.run(["--attach", attach], command)


@pytest.mark.parametrize("name", sorted(LIBRARIES))
def test_preloaded_by_env(name, attach):
    check("mixed", preloaded(name, "mixed", attach))


@pytest.mark.parametrize("name", sorted(LIBRARIES))
def test_operators_new_and_delete(name, attach):
    """Each block once, be the operator the allocator's own or libstdc++'s on top of it."""
    result = preloaded(name, "cxx_new", attach)
    assert result.status == 0, result.stderr
    process = harness.select_processes(result.report, "root")[0]
    assert harness.compare_stack(["stack", "leak_all", "8/640"], process, None) == [], result.stderr
    assert harness.compare_stack(["stack", "delete_all", "0/0"], process, None) == [], result.stderr
    assert spoiled(result) == {}


# mimalloc aborts when it has no memory, traced or not.
@pytest.mark.parametrize("name", ["jemalloc", "tcmalloc"])
def test_bad_alloc_is_thrown_through_probes(name, attach, request):
    """An allocator's own operator new throws: the exception must find its handler."""
    if attach != "session":
        request.applymarker(pytest.mark.xfail(
            strict=True, reason="without session probes (Linux 6.13) no return probe can be left "
            "out for one call, and no exception passes a return probe"))
    check("cxx_throw", preloaded(name, "cxx_throw", attach))


@pytest.mark.parametrize("name", sorted(LIBRARIES))
def test_preloaded_by_the_environment(name, attach):
    """leaktrace itself runs with the other allocator, too."""
    if harness.is_sanitized():
        pytest.skip("a sanitized leaktrace has an allocator of its own")
    result = harness.run(["--attach", attach], [harness.program_path("mixed")], env={"LD_PRELOAD": library(name)})
    check("mixed", result)


@pytest.mark.parametrize("name", sorted(LIBRARIES))
def test_attached(name, attach):
    """Found in a process that runs already: what it does after that is seen."""
    variant = harness.Variant("basic", None, None, None)
    check("basic", harness.run_attached(variant, attach, env={"LD_PRELOAD": library(name)}))


def test_glibc(attach):
    check("mixed", harness.run(["--attach", attach], [harness.program_path("mixed")]))


@pytest.mark.parametrize("flavour", MUSL)
def test_musl(flavour, attach):
    check("mixed", harness.run(["--attach", attach], [harness.program_path("mixed", flavour)]))
