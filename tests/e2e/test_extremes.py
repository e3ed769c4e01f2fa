# SPDX-License-Identifier: GPL-2.0-or-later
"""As many at once as programs come to: threads, children, libraries, frames, and process ids that
come again. Totals stay exact."""

import collections
import os
import re
import shutil
import subprocess

import pytest

import harness

TIMEOUT_S = 5 * harness.TIMEOUT_S
NO_LOSSES = set(harness.LOSSES_SPOILING)


def run(*what, options=(), prefix=()):
    result = harness.run(["--kinds", "heap", "--no-scan", *options], [*prefix, harness.program_path("extremes"), *map(str, what)],
                         timeout=TIMEOUT_S)
    assert result.status == 0, result.stderr[-2000:]
    assert not any(result.report["losses"][name] for name in NO_LOSSES), result.report["losses"]
    return result.report


def kept_by(report, function):
    """By process: blocks and bytes that the function holds."""
    found = collections.Counter()
    for process in report["processes"]:
        for site in process["sites"]:
            if any(frame["function"] == function for frame in site["stack"]):
                found[process["pid"], process["comm"]] += site["live_count"]
                assert site["live_bytes"] % site["live_count"] == 0
    return found


def test_five_thousand_threads():
    report = run("threads", 5000)
    assert list(kept_by(report, "keep_in_thread").values()) == [5000]


def test_a_thousand_children_at_once():
    """Each stops at its birth or is followed by its parent's probes; none is forgotten."""
    report = run("children", 1000)
    children = [process for process in report["processes"] if kept_by({"processes": [process]}, "keep_in_child")]
    assert len(children) == 1000
    assert set(kept_by(report, "keep_in_child").values()) == {1}
    assert all(process["exit"] == {"status": 0} for process in children)


@pytest.mark.parametrize("depth", [100, 120])
def test_deep_stacks_are_whole(depth):
    report = run("depth", depth)
    (site,) = [site for process in report["processes"] for site in process["sites"]
               if any(frame["function"] == "keep_below" for frame in site["stack"])]
    assert sum(frame["function"] == "descend" for frame in site["stack"]) == depth + 1
    assert site["stack"][-1]["function"] == "_start" and not site["truncated"]


def test_two_thousand_libraries(tmp_path):
    original = os.path.join(harness.PROGRAMS, "libacquire.so")
    for i in range(2000):
        shutil.copy(original, tmp_path / f"{i}.so")
    report = run("libraries", tmp_path, 2000)
    places = [site for site in report["processes"][-1]["sites"]
              if any(frame["function"] == "acquire_here" for frame in site["stack"])]
    # Those of one build are one place in the code, shown by the name of one of them.
    assert [place["live_count"] for place in places] == [2000]
    assert os.path.dirname(places[0]["stack"][0]["module"]) == str(tmp_path)
    # However fast they come, the tables of each are there before it runs.
    assert not places[0]["truncated"] and not report["losses"]["stacks_no_mapping"]


def test_process_ids_that_come_again(tmp_path):
    """A namespace with few ids: children of the same id are processes of their own."""
    release = [int(number) for number in re.findall(r"\d+", os.uname().release)[:2]]
    if release < [6, 14]:
        pytest.skip("before Linux 6.14 there is one limit for all namespaces, and it is not ours to change")
    path = tmp_path / "report.json"
    done = subprocess.run(["unshare", "--pid", "--fork", "--mount-proc", "sh", "-c",
                           'echo 320 >/proc/sys/kernel/pid_max && exec "$0" "$@"',
                           harness.LEAKTRACE, "--kinds", "heap", "--no-scan", "--top", "0", "--json", str(path), "--",
                           harness.program_path("extremes"), "pids", "600"], capture_output=True, check=False, timeout=TIMEOUT_S)
    assert done.returncode == 0, done.stderr[-2000:]
    report = harness.load_report(path)
    # Ids come again: fewer of them than children.
    assert len(kept_by(report, "keep_in_turn")) < 320
    kept = [process for process in report["processes"] if kept_by({"processes": [process]}, "keep_in_turn")]
    assert len(kept) == 600
    assert all(process["totals"]["heap"]["live_count"] == kept[0]["totals"]["heap"]["live_count"] for process in kept)
