# SPDX-License-Identifier: GPL-2.0-or-later
"""Each table full in its turn: what was lost is counted and said, what the design keeps true is true."""

import json
import subprocess

import pytest

import harness

PATHS, BYTES, FILES = 1024, 100, 600
ACQUIRED, KEPT = 3 * PATHS, 2 * PATHS
WORDS = {
    "live_full": "acquisitions not tracked, the table of live resources was full (raise --max-live)",
    "sites_full": "acquisitions without their call site, the table of sites was full (raise --max-sites)",
    "stacks_full": "call sites without a stack, there were too many (raise --max-stacks)",
}


def run(what, *options, kinds="heap"):
    result = harness.run(["--kinds", kinds, *options], [harness.program_path("full"), what])
    assert result.stdout == b"whole\n", result.stderr
    losses = {name: count for name, count in result.report["losses"].items() if count}
    for name, words in WORDS.items():
        assert (words in result.stderr) == (name in losses), (name, result.stderr)
    return result, losses, result.report["processes"][-1]["totals"]


def books(totals, kind="heap"):
    return [totals[kind][f"{what}_{unit}"] for what in ("acquired", "released", "live") for unit in ("count", "bytes")]


def whole_books(live):
    counts = (ACQUIRED, ACQUIRED - live, live)
    return [value for count in counts for value in (count, count * BYTES)]


@pytest.mark.parametrize("options, lost", [
    (["--max-sites", "16"], "sites_full"), (["--max-stacks", "16"], "stacks_full"),
], ids=["sites", "stacks"])
def test_totals_stay_true_without_places(attach, options, lost):
    """Which place acquired what is not known of all; how much there is, is."""
    result, losses, totals = run("leak", "--attach", attach, *options)
    assert result.status == 0, result.stderr
    assert set(losses) == {lost}
    assert books(totals) == whole_books(KEPT)
    sites = harness.heap_sites(result.report["processes"][-1])
    assert sum(site["live_count"] for site in sites) == KEPT
    assert sum(site["live_bytes"] for site in sites) == KEPT * BYTES
    assert any(not site["stack"] for site in sites), "what has no place is shown without one"
    assert 1 < len(sites) < PATHS
    # No leak is missed for it, and none is made up.
    assert run("leak", "--attach", attach, "--check", *options)[0].status == 23
    assert run("clean", "--attach", attach, "--check", *options)[0].status == 0


def test_live_table_full(attach):
    """What is not tracked is neither acquired, nor live, nor missed when it is released."""
    result, losses, totals = run("leak", "--attach", attach, "--max-live", "16")
    assert result.status == 0, result.stderr
    assert losses["live_full"] > 0
    acquired, _, released, _, live, _ = books(totals)
    assert acquired + losses["live_full"] == ACQUIRED
    assert acquired == released + live
    assert all(books(totals)[i + 1] == BYTES * books(totals)[i] for i in (0, 2, 4))
    assert result.report["verdict"] != "clean"
    assert sum(site["lost_count"] for site in result.report["processes"][-1]["sites"]) <= losses["live_full"]


def test_live_table_full_has_no_clean_verdict(attach):
    """Nothing that is tracked is left; what is not tracked may be."""
    result, losses, totals = run("clean", "--attach", attach, "--max-live", "16", "--check")
    assert losses["live_full"] > 0
    assert result.status == 125, result.stderr
    assert result.report["verdict"] == "unmeasured"
    assert any("live_full" in json.dumps(reason) for reason in result.report["reasons"])
    assert books(totals)[4:] == [0, 0]


def test_descriptors_in_a_full_table(attach):
    result, losses, totals = run("leak", "--attach", attach, "--max-live", "16", kinds="heap,fd")
    assert result.status == 0, result.stderr
    heap, files = books(totals), books(totals, "fd")
    # The program's own, and the loader's, which are closed again.
    others = files[2]
    assert losses["live_full"] > 0
    assert heap[0] + files[0] + losses["live_full"] == ACQUIRED + FILES + others
    assert files[0] == files[2] + files[4]


def test_all_tables_full(attach, tmp_path):
    """At once; and the recording says the same."""
    recording, again = tmp_path / "run.lt", tmp_path / "again.json"
    result, losses, _ = run("leak", "--attach", attach, "--max-live", "1", "--max-sites", "1", "--max-stacks", "1", "-o",
                            str(recording), kinds="heap,mmap,fd,thread")
    assert result.status == 0, result.stderr
    assert {"live_full", "sites_full", "stacks_full"} <= set(losses)
    read = subprocess.run([harness.LEAKTRACE, "report", "--top", "0", "--json", str(again), str(recording)],
                          capture_output=True, timeout=harness.TIMEOUT_S, check=False)
    assert read.returncode == 0, read.stderr
    report = harness.load_report(str(again))
    assert report["losses"] == result.report["losses"]
    assert report["processes"] == result.report["processes"]
    assert all(words in harness.decode(read.stdout) for words in WORDS.values())
