# SPDX-License-Identifier: GPL-2.0-or-later
"""A run that is watched for growth is judged by its course, not by its first and last figure. All
shapes of tests/programs/shapes.c run at once: most of their time they sleep."""

import concurrent.futures
import re

import pytest

import harness

SHAPES = harness.program_path("shapes")
# Where programs take long to start, and all at once, more time is left to judge.
SECONDS, BEGUN = (16, 3) if harness.SLOWNESS == 1 else (60, 30)
TOO_SHORT = 16
GROWTH = ["--no-scan", "--growth", "-i", "0.5", "--fail-on", "growth"]


def watch(shape, *options, seconds=SECONDS):
    return harness.run([*GROWTH, *options], [SHAPES, shape, str(seconds)])


@pytest.fixture(scope="module")
def runs():
    """Each shape, and some in other ways."""
    wanted = {shape: (shape,) for shape in ("leak", "plateau", "sawtooth", "step", "stable", "fds")}
    wanted["warmup"] = ("warmup", "--warmup", "3")
    # Once it holds something: of nothing, all growth is too much.
    begun = ("--warmup", str(BEGUN))
    wanted["allowed"] = ("leak", *begun, "--growth-limits", "10m:900%:990%")
    wanted["warned"] = ("leak", *begun, "--growth-limits", "10m:10%:990%")
    with concurrent.futures.ThreadPoolExecutor(len(wanted) + 1) as pool:
        futures = {name: pool.submit(watch, *how) for name, how in wanted.items()}
        futures["fresh"] = pool.submit(watch, "leak", "--warmup", str(12 * harness.SLOWNESS), seconds=TOO_SHORT)
        return {name: future.result() for name, future in futures.items()}


def test_a_leak_fails(runs):
    result = runs["leak"]
    assert result.status == 23, result.stderr
    reasons = [reason["text"] for reason in result.report["reasons"]]
    assert {reason["id"] for reason in result.report["reasons"]} == {"growth"}
    heap = [text for text in reasons if text.startswith("heap ")]
    assert len(heap) == 1
    # As fast as it was, 2 MB a second where nothing else is done, and by the one that took it.
    site = max(harness.heap_sites(result.report["processes"][-1]), key=lambda site: site["live_count"])
    rate = site["live_bytes"] / (site["last_ns"] - site["first_ns"]) * 60e9 / 1e6
    assert float(re.search(r"growing \+([\d.]+) MB/min", heap[0])[1]) == pytest.approx(rate, rel=0.1)
    assert "(linear)" in heap[0] and "most by take shapes.c:" in heap[0]
    assert any(line.startswith("heap ") and line.endswith(": FAIL") for line in result.stderr.splitlines())


def test_descriptors_fail_by_any_growth(runs):
    result = runs["fds"]
    assert result.status == 23, result.stderr
    texts = [reason["text"] for reason in result.report["reasons"]]
    assert len(texts) == 1 and texts[0].startswith("fd ") and "most by leak_fd shapes.c:" in texts[0]


@pytest.mark.parametrize("shape", ["plateau", "sawtooth", "step", "stable", "warmup", "allowed"])
def test_what_is_no_leak_passes(runs, shape):
    assert runs[shape].status == 0, runs[shape].stderr
    assert runs[shape].report["verdict"] == "clean"
    assert ": FAIL" not in runs[shape].stderr


def test_a_warning_does_not_fail(runs):
    assert runs["warned"].status == 0
    assert any(line.startswith("heap ") and line.endswith(": WARN") for line in runs["warned"].stderr.splitlines())


def test_too_short_is_not_clean(runs):
    """Four seconds after the warm-up tell nothing."""
    assert runs["fresh"].status == 125
    assert "too short to tell" in runs["fresh"].stderr


@pytest.mark.parametrize("options", [
    ["--fail-on", "growth"], ["--warmup", "3"], ["--growth", "--growth-limits", "5%"], ["--growth", "--growth-limits", "1m:5%"],
    ["--growth", "--growth-limits", "5%:10%,1m:5%:10%"], ["--growth", "--growth-limits", "1m:20%:10%"],
    ["--growth", "--growth-limits", "1m:a%:10%"], ["--growth", "--growth-limits", ""], ["--growth", "--warmup", "0"],
], ids=" ".join)
def test_wrong_usage(options):
    assert harness.run(options, ["/bin/true"]).status == 2
