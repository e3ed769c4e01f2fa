# SPDX-License-Identifier: GPL-2.0-or-later
"""Five million operations by eight threads: every total exact, nothing lost."""

import harness

BOOKS = ("acquired_count", "acquired_bytes", "released_count", "released_bytes", "live_count", "live_bytes")


def test_totals_are_exact(attach, tmp_path):
    path = tmp_path / "books"
    result = harness.run(["--attach", attach], [harness.program_path("threads_storm"), str(path)], timeout=3 * harness.TIMEOUT_S)
    assert result.status == 0, result.stderr
    expected = dict(zip(BOOKS, map(int, path.read_text().split())))
    assert expected["acquired_count"] > 2000000
    process = result.report["processes"][-1]
    totals = process["totals"]["heap"]
    # The loader's vector of thread-local storage, one per thread, freed by nobody.
    sites = harness.live_sites(process)
    vectors = [sites[name] for name in sites if name.startswith("@ld-linux")]
    assert sum(vector[0] for vector in vectors) == 8
    for what in ("acquired", "live"):
        expected[what + "_count"] += sum(vector[0] for vector in vectors)
        expected[what + "_bytes"] += sum(vector[1] for vector in vectors)
    assert {key: totals[key] for key in BOOKS} == expected
    # What threads give back from their caches at their end was released before.
    losses = {name: count for name, count in result.report["losses"].items() if count}
    losses.pop("releases_unmatched", None)
    assert losses == {}
    own = {name for name in sites if not name.startswith("@")}
    assert own == {"acquire", "acquire_zeroed", "resize"}


def test_a_full_table_says_so(attach, tmp_path):
    """With room for few blocks the run goes on, and says how many it lost."""
    path = tmp_path / "books"
    result = harness.run(["--attach", attach, "--kinds", "heap", "--max-live", "256"],
                         [harness.program_path("threads_storm"), str(path)], timeout=3 * harness.TIMEOUT_S)
    assert result.status == 0, result.stderr
    assert result.report["losses"]["live_full"] > 0
    assert result.report["verdict"] != "clean"
    totals = result.report["processes"][-1]["totals"]["heap"]
    expected = dict(zip(BOOKS, map(int, path.read_text().split())))
    assert totals["acquired_count"] + result.report["losses"]["live_full"] == expected["acquired_count"] + 8
