# SPDX-License-Identifier: GPL-2.0-or-later
"""A sample of blocks (--sample) stands for all of them: estimates are unbiased, and as far off as
their error bars say. Every bound is so wide that chance breaks it once in a million runs."""

import math
import re
import subprocess

import pytest

import harness

POINT = 16384
# Of tests/programs/sampled.cc: what is kept, by site, as (blocks, bytes each).
KEPT = {"keep_small": (20000, 48), "keep_middle": (4000, 1000), "keep_large": (60, 300000), "keep_grown": (3000, 2000)}
# C++'s own buffer, at its start.
OWN = 72704
KEPT_BYTES = sum(count * size for count, size in KEPT.values()) + OWN
# And all that is acquired.
ACQUIRED = list(KEPT.values()) + [(1, OWN), (3000, 100)] + [(20000, (i + 1) * 64) for i in range(8)]
RUNS = 12


def sample(*options):
    result = harness.run(["--kinds", "heap", "--sample", str(POINT), *options], [harness.program_path("sampled")])
    assert result.status == 0, result.stderr
    assert result.report["sample_bytes"] == POINT
    assert not any(n for name, n in result.report["losses"].items() if name in harness.LOSSES_SPOILING), result.report["losses"]
    return result


def sites_of(report):
    found = {}
    for site in report["processes"][-1]["sites"]:
        names = [(frame["function"] or "").partition("(")[0] for frame in site["stack"]]
        for name in set(names) & set(KEPT):
            found[name] = site
    return found


@pytest.fixture(scope="module", name="runs")
def fixture_runs():
    return [sample().report for _ in range(RUNS)]


def test_what_is_exact_is_told_so():
    result = harness.run(["--kinds", "heap"], [harness.program_path("sampled")])
    totals = result.report["processes"][-1]["totals"]["heap"]
    assert result.report["sample_bytes"] == 0
    assert (totals["live_count_error"], totals["live_bytes_error"]) == (0, 0)
    found = sites_of(result.report)
    assert {name: (site["live_count"], site["live_bytes"] // site["live_count"]) for name, site in found.items()} == KEPT


def test_each_site_is_within_its_error_bars(runs):
    inside = outside = 0
    for report in runs:
        found = sites_of(report)
        assert set(found) == set(KEPT)
        for name, (count, size) in KEPT.items():
            miss, bar = abs(found[name]["live_bytes"] - count * size), found[name]["live_bytes_error"]
            # Five standard deviations; a bar is 1.96 of them. Blocks of one size are as far off by number.
            assert miss <= bar * 5 / 1.96 + 1, (name, found[name]["live_bytes"], count * size, bar)
            assert abs(found[name]["live_count"] - found[name]["live_bytes"] / size) <= 1
            inside, outside = inside + (miss <= bar), outside + (miss > bar)
    assert inside / (inside + outside) > 0.7


def test_bars_are_as_narrow_as_the_sample_allows(runs):
    for name, (count, size) in KEPT.items():
        chance = 1 - math.exp(-size / POINT)
        expected = 1.96 * size * math.sqrt(count * (1 - chance) / chance)
        for report in runs:
            assert sites_of(report)[name]["live_bytes_error"] < 2 * expected + 2


def test_totals_are_unbiased(runs):
    totals = [report["processes"][-1]["totals"]["heap"] for report in runs]
    mean = sum(each["live_bytes"] for each in totals) / RUNS
    deviation = math.sqrt(sum((each["live_bytes_error"] / 1.96) ** 2 for each in totals)) / RUNS
    assert abs(mean - KEPT_BYTES) < 5 * deviation
    for key, true in (("acquired_count", sum(count for count, _ in ACQUIRED)),
                      ("acquired_bytes", sum(count * size for count, size in ACQUIRED))):
        variance = sum(count * (size if "bytes" in key else 1) ** 2 / (math.exp(size / POINT) - 1) for count, size in ACQUIRED)
        mean = sum(each[key] for each in totals) / RUNS
        assert abs(mean - true) < 5 * math.sqrt(variance / RUNS), key
    assert all(each["acquired_count"] - each["released_count"] == pytest.approx(each["live_count"], abs=8) for each in totals)


@pytest.mark.parametrize("mode", [mode for mode in harness.ATTACH_MODES if mode != "session"])
def test_other_ways_to_attach(mode):
    harness.need(mode)
    found = sites_of(sample("--attach", mode).report)
    for name, (count, size) in KEPT.items():
        assert abs(found[name]["live_bytes"] - count * size) <= found[name]["live_bytes_error"] * 5 / 1.96 + 1


def test_the_report_says_so(tmp_path):
    recording = tmp_path / "run"
    result = sample("-o", str(recording))
    assert "heap blocks are a sample, one point per 16.4 KB: figures are estimates" in result.stderr
    assert re.search(r"\n  \S.* \+- .* in [\d,]+ \+- [\d,]+ blocks", result.stderr), result.stderr
    path = tmp_path / "again.json"
    subprocess.run([harness.LEAKTRACE, "report", "--json", str(path), str(recording)], check=True, capture_output=True)
    again = harness.load_report(path)
    assert again["sample_bytes"] == POINT
    assert again["processes"][-1]["totals"] == result.report["processes"][-1]["totals"]


@pytest.mark.parametrize("options", [["--check"], ["--fail-on", "heap:any"], ["--call", "work"], ["--events", "pages"],
                                     ["--scan-every", "1"]])
def test_no_verdict_by_a_sample(options):
    result = harness.run(["--sample", "64K", *options], ["/bin/true"])
    assert result.status == 2 and "--sample" in result.stderr


def test_marks_are_left_out_of_a_sample():
    command = [harness.program_path("marks"), "sixteen", "60"]
    assert harness.run([], command).report["processes"][-1]["scopes"]
    assert not harness.run(["--sample", "16K"], command).report["processes"][-1]["scopes"]


@pytest.mark.parametrize("value", ["0", "-1", "2G", "x"])
def test_bad_sizes(value):
    assert harness.run(["--sample", value], ["/bin/true"]).status == 2
