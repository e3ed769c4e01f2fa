# SPDX-License-Identifier: GPL-2.0-or-later
"""Every hazard program against its head: launched in every way to attach that may matter, and attached to."""

import contextlib

import pytest

import harness

# What they acquire is seen by tracepoints: how functions are probed makes no difference to it.
BY_TRACEPOINTS = ("descriptors", "mappings")


def launched(programs):
    return [variant for program in programs for variant in harness.variants_of(program)]


def is_plain(variant):
    return variant.flavour is None and variant.preload is None


PROBED = launched(name for name in harness.programs_with_heads() if name not in ("mixed", *BY_TRACEPOINTS))


def check_launched(variant, attach):
    result = harness.run_variant(variant, attach)
    harness.check_variant(variant, result, harness.expected_status(variant.program, variant.case))


@pytest.mark.parametrize("variant", filter(is_plain, PROBED), ids=harness.variant_id)
def test_launched(variant, attach):
    check_launched(variant, attach)


@pytest.mark.parametrize("variant", [variant for variant in PROBED if not is_plain(variant)], ids=harness.variant_id)
@pytest.mark.parametrize("way", ["auto", "multi"])
def test_flavours(variant, way):
    """Linked otherwise, or with another library: what is probed is elsewhere, how is as above."""
    if way != "auto":
        harness.need(way)
    check_launched(variant, way)


@pytest.mark.parametrize("variant", launched(BY_TRACEPOINTS), ids=harness.variant_id)
def test_tracepoints(variant):
    check_launched(variant, "auto")


@pytest.mark.parametrize("variant", harness.attachable(), ids=harness.variant_id)
def test_attached(variant):
    first_thread_ends = variant.case == "pthread_exit"
    if first_thread_ends and harness.lacking("multi"):
        pytest.skip("single probes that are one process's end with its first thread")
    # The kernel takes the probes of such a one when another leaktrace lets go of the same functions.
    with harness.alone() if first_thread_ends else contextlib.nullcontext():
        harness.check_variant(variant, harness.run_attached(variant, "auto"), 0)


@pytest.mark.parametrize("program", ["basic", "fork_child", "exec_self", "threads_churn", "cxx_throw", "short_children"])
def test_attached_each_way(program, attach):
    variant = harness.Variant(program, None, None, None)
    harness.check_variant(variant, harness.run_attached(variant, attach), 0)


@pytest.mark.parametrize("variant", harness.deep_variants(), ids=harness.variant_id)
def test_stacks_without_frame_pointers(variant):
    harness.check_variant(variant, harness.run_variant(variant, "auto"), 0, deep=True)


def test_pid_given_twice(attach):
    """One process named twice is one process."""
    result = harness.run_attached(harness.Variant("basic", None, None, None), attach, pids="{0},{0}")
    harness.check("basic", None, result, 0)
    assert len(result.report["processes"]) == 1


def test_two_at_once(attach):
    """Two processes by one -p: each has its own books."""
    targets = [harness.start_waiting([harness.program_path(name), "--wait"]) for name in ("basic", "realloc")]
    try:
        pids = ",".join(str(target.pid) for target in targets)
        result = harness.trace(pids, ["--attach", attach], lambda tracer: [harness.begin(target) for target in targets])
        assert result.status == 0, result.stderr
        live = {process["comm"]: process["totals"]["heap"]["live_bytes"] for process in result.report["processes"]}
        assert live == {"basic": 1080, "realloc": 101200}
    finally:
        for target in targets:
            harness.drop(target)
