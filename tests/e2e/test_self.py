# SPDX-License-Identifier: GPL-2.0-or-later
"""leaktrace under Valgrind, and under itself: it gives back what it takes.

Valgrind 3.19 does not know how BPF links are made, so that it runs what reads recordings alone.
"""

import shutil
import subprocess

import pytest

import harness

ERROR = 99
KINDS = ["--kinds", "heap,mmap,fd,thread"]


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    path = tmp_path_factory.mktemp("self") / "run.lt"
    script = f"{harness.program_path('basic')}; {harness.program_path('cxx_new')}; {harness.program_path('descriptors')}"
    result = harness.run([*KINDS, "-o", str(path)], ["/bin/sh", "-c", script])
    assert path.exists(), result.stderr
    return str(path)


def views(folder):
    """All that a recording is made into."""
    return [word for option in ("--json", "--sarif", "--junit", "--valgrind-xml", "--markdown", "--gen-suppressions")
            for word in (option, str(folder / option.strip("-")))]


def lost_by(process, kind):
    return [site for site in process["sites"] if site["kind"] == kind and site["live_count"] and
            (site["class"] in ("definite", "indirect") if kind == "heap"
             else site["role"] in harness.LEAKS)]


pytestmark = pytest.mark.skipif(harness.is_sanitized(), reason="a sanitized leaktrace has an allocator and mappings of its own")


@pytest.mark.parametrize("mode", ["report", "diff"])
def test_under_valgrind(recording, tmp_path, mode):
    tool = shutil.which("valgrind")
    if not tool:
        pytest.skip("there is no valgrind")
    arguments = [recording, *views(tmp_path)] if mode == "report" else [recording, recording, "--json", str(tmp_path / "json")]
    run = subprocess.run([tool, "-q", "--leak-check=full", "--show-leak-kinds=definite,indirect",
                          f"--error-exitcode={ERROR}", harness.LEAKTRACE, mode, *arguments], capture_output=True,
                         timeout=2 * harness.TIMEOUT_S, check=False, env=harness.environment(), stdin=subprocess.DEVNULL)
    assert run.returncode == 0, harness.decode(run.stderr)[-3000:]
    assert b"basic" in run.stdout or mode == "diff"


def test_report_under_itself(recording, tmp_path):
    result = harness.run(["--check"], [harness.LEAKTRACE, "report", recording, *views(tmp_path)])
    assert result.status == 0, result.stderr[-3000:]
    assert result.report["verdict"] in ("clean", "pass"), result.report["verdict"]
    totals = result.report["processes"][-1]["totals"]
    assert totals["heap"]["acquired_count"] > 1000
    assert totals["fd"]["live_count"] == 0


def test_trace_under_itself(tmp_path, attach):
    """Each stops the command until its own probes are there, and it goes on by the last of them."""
    report = tmp_path / "inner.json"
    result = harness.run([*KINDS, "--attach", attach],
                         [harness.LEAKTRACE, "--json", str(report), "--", harness.program_path("basic")])
    assert result.status == 0, result.stderr[-3000:]
    root, = harness.select_processes(result.report, "root")
    assert (root["ended"], root["scan"]["state"]) == ("exited", "done")
    assert root["totals"]["heap"]["acquired_count"] > 1000
    assert {kind: lost_by(root, kind) for kind in ("heap", "fd", "thread")} == {"heap": [], "fd": [], "thread": []}
    seen = [process for each in (result.report, harness.load_report(str(report))) for process in each["processes"]
            if process["comm"] == "basic"]
    assert [process["totals"]["heap"]["acquired_count"] for process in seen] == [25, 25]
    assert [process["totals"]["heap"]["live_bytes"] for process in seen] == [1080, 1080]
    assert [process["scan"]["state"] for process in seen] == ["done", "done"]
