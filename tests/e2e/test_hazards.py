# SPDX-License-Identifier: GPL-2.0-or-later
"""Every hazard program against its head: launched in every way to attach, and attached to."""

import pytest

import harness

LAUNCHED = [variant for program in harness.programs_with_heads() if program != "mixed"
            for variant in harness.variants_of(program)]


@pytest.mark.parametrize("variant", LAUNCHED, ids=harness.variant_id)
def test_launched(variant, attach):
    result = harness.run_variant(variant, attach)
    harness.check_variant(variant, result, harness.expected_status(variant.program, variant.case))


@pytest.mark.parametrize("variant", harness.attachable(), ids=harness.variant_id)
def test_attached(variant):
    harness.check_variant(variant, harness.run_attached(variant, "auto"), 0)


@pytest.mark.parametrize("program", ["basic", "fork_child", "exec_self", "threads_churn", "cxx_throw"])
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
