# SPDX-License-Identifier: GPL-2.0-or-later
"""Results for other systems, each read by what reads them: JUnit's XML by junitparser, SARIF by
Microsoft's multitool, Valgrind's XML held against what Valgrind itself writes."""

import json
import os
import shutil
import signal
import subprocess
import xml.etree.ElementTree as tree

import junitparser
import pytest

import harness

GATE = harness.program_path("gate")
MULTITOOL = os.path.join(harness.ROOT, "build", "tools", "node_modules", "@microsoft", "sarif-multitool-linux", "Sarif.Multitool")
WHAT = ("heap", "fd", "mmap", "thread", "child")


def run(options, *what, **arguments):
    return harness.run(list(options), [GATE, *what], **arguments)


# ---- JUnit -----------------------------------------------------------------------------------


def junit(path):
    return {case.name.split("[")[0]: case for suite in junitparser.JUnitXml.fromfile(str(path)) for case in suite}


def test_junit(tmp_path):
    path = tmp_path / "junit.xml"
    assert run(["--check", "--junit", str(path)], *WHAT).status == 23
    suites = junitparser.JUnitXml.fromfile(str(path))
    (suite,) = suites
    assert (suite.tests, suite.failures, suite.errors) == (2, 2, 0)
    failure = list(suite)[0].result[0]
    assert isinstance(failure, junitparser.Failure)
    assert failure.message.startswith("3.0 KB (3,000 bytes) in 3 blocks lost in gate[")
    for text in ("leak_heap", "leak_fd", "leak_mmap", "leak_thread", "tests/programs/gate.c:"):
        assert text in failure.text


def test_junit_of_a_clean_run(tmp_path):
    path = tmp_path / "junit.xml"
    assert run(["--check", "--junit", str(path)]).status == 0
    assert [case.result for case in junit(path).values()] == [[]]


def test_junit_has_a_case_for_each_mark(tmp_path):
    path = tmp_path / "junit.xml"
    result = harness.run(["--fail-on", "heap:any", "--junit", str(path)], [harness.program_path("marks")])
    assert result.status == 23
    cases = junit(path)
    assert {"marks", "outer", "inner", "cold", "warm", "own"} == set(cases)
    assert all(case.result for case in cases.values())
    assert harness.run(["--fail-on", "heap:any>1MB", "--junit", str(path)], [harness.program_path("marks")]).status == 0
    assert not any(case.result for case in junit(path).values())


def test_junit_tells_errors_apart(tmp_path):
    path = tmp_path / "junit.xml"
    assert run(["--check", "--junit", str(path)], "reachable", "kill").status == 125
    assert [type(case.result[0]) for case in junit(path).values()] == [junitparser.Error]
    rounds = [harness.program_path("rounds"), "clean", "5"]
    assert harness.run(["--call", "session", "--no-scan", "--junit", str(path)], rounds).status == 125
    assert "too-few-calls" in junit(path)


# ---- SARIF -----------------------------------------------------------------------------------


def test_sarif(tmp_path):
    path = tmp_path / "leaks.sarif"
    assert run(["--check", "--sarif", str(path)], *WHAT).status == 23
    log = json.loads(path.read_text())
    results = log["runs"][0]["results"]
    assert sorted({result["ruleId"] for result in results}) == ["leak/fd", "leak/heap/definite", "leak/mmap", "leak/thread"]
    assert {rule["id"] for rule in log["runs"][0]["tool"]["driver"]["rules"]} == {result["ruleId"] for result in results}
    for result in results:
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"].endswith("tests/programs/gate.c") and place["region"]["startLine"] > 0
    # The same leaks have the same fingerprints the next time.
    again = tmp_path / "again.sarif"
    run(["--check", "--sarif", str(again)], *WHAT)
    prints = [sorted(result["partialFingerprints"]["callStack/v1"] for result in json.loads(file.read_text())["runs"][0]["results"])
              for file in (path, again)]
    assert prints[0] == prints[1]


def test_sarif_is_valid(tmp_path):
    path = tmp_path / "leaks.sarif"
    run(["--sarif", str(path)], *WHAT)
    assert os.path.exists(MULTITOOL), "scripts/install-deps.sh installs it"
    checked = subprocess.run([MULTITOOL, "validate", str(path)], capture_output=True, check=False, cwd=tmp_path,
                             env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"})
    text = checked.stdout.decode()
    assert checked.returncode == 0 and "error" not in text.lower(), text
    assert "Analysis completed successfully" in text


# ---- Valgrind's XML --------------------------------------------------------------------------


def paths(element, prefix=""):
    """The path of each element, from the root on."""
    found = {prefix + element.tag}
    for child in element:
        found |= paths(child, prefix + element.tag + "/")
    return found


def test_valgrind_xml(tmp_path):
    ours, theirs = tmp_path / "ours.xml", tmp_path / "theirs.xml"
    assert run(["--check", "--valgrind-xml", str(ours)], "heap", "reachable").status == 23
    assert shutil.which("valgrind")
    subprocess.run(["valgrind", "--leak-check=full", "--xml=yes", f"--xml-file={theirs}", GATE, "heap"], check=True,
                   capture_output=True)
    root, other = tree.parse(ours).getroot(), tree.parse(theirs).getroot()
    # Nothing that Valgrind does not write (of the pairs it writes none here), and all that it does.
    assert paths(root) - paths(other) == set()
    assert paths(other) - paths(root) <= {"valgrindoutput/args/vargv/arg"}
    assert [root.find(name).text for name in ("protocolversion", "protocoltool", "tool")] == ["4", "memcheck", "memcheck"]
    errors = root.findall("error")
    assert [error.find("kind").text for error in errors] == ["Leak_DefinitelyLost"] * 3
    assert sum(int(error.find("xwhat/leakedbytes").text) for error in errors) == 3000
    frame = errors[0].find("stack/frame")
    assert [frame.find(name).text for name in ("fn", "file")] == ["leak_heap", "gate.c"]
    assert len({error.find("unique").text for error in errors}) == 3


def test_valgrind_xml_counts_what_was_suppressed(tmp_path):
    path = tmp_path / "ours.xml"
    run(["--check", "--valgrind-xml", str(path)], "accepted")
    pairs = tree.parse(path).getroot().findall("suppcounts/pair")
    assert [(pair.find("count").text, pair.find("name").text) for pair in pairs] == [("1", "leak:accepted_leak")]


# ---- GitHub ----------------------------------------------------------------------------------


def test_github(tmp_path):
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary), "GITHUB_WORKSPACE": harness.ROOT}
    result = run(["--check"], "heap", "fd", env=env)
    lines = [line for line in result.stderr.splitlines() if line.startswith("::error ")]
    assert len(lines) == 5
    assert all(line.startswith("::error file=tests/programs/gate.c,line=") for line in lines)
    assert lines[-1].endswith("title=leaktrace::1 descriptor left open by leak_fd")
    text = summary.read_text()
    assert text.startswith("before\n### leaktrace: FAIL\n") and "tests/programs/gate.c:" in text
    # Not asked for, not on GitHub: nothing.
    assert "::error" not in run(["--check"], "heap").stderr
    assert "::error" not in run([], "heap", env=env).stderr


def test_markdown(tmp_path):
    path = tmp_path / "summary.md"
    run(["--check", "--markdown", str(path)])
    assert path.read_text() == "### leaktrace: PASS\n\nNo leaks.\n\n"
    run(["--check", "--markdown", str(path)], "heap")
    assert "| gate | 1.0 KB (1,000 bytes) in 1 block definitely lost | leak\\_heap |" in path.read_text()


# ---- names that mean harm --------------------------------------------------------------------


def test_hostile_names(tmp_path):
    program = tmp_path / "a<b>&\"'\x01\n|`::error::x"
    shutil.copy(GATE, program)
    files = {name: tmp_path / name for name in ("junit", "valgrind-xml", "sarif", "markdown")}
    options = [word for name, path in files.items() for word in ("--" + name, str(path))]
    result = harness.run(["--check", *options], [str(program), "heap"], env={"GITHUB_ACTIONS": "true"})
    assert result.status == 23
    assert all(isinstance(case.result[0], junitparser.Failure) for case in junit(files["junit"]).values())
    assert tree.parse(files["valgrind-xml"]).getroot().find("error") is not None
    assert json.loads(files["sarif"].read_text())["runs"][0]["results"]
    assert "\x01" not in files["markdown"].read_text()
    assert not any(line.startswith("::error::x") for line in result.stderr.splitlines())


def test_files_are_whole_when_nobody_reads_the_report(tmp_path):
    """As with 2>&1 | head."""
    reader, writer = os.pipe()
    os.close(reader)
    path = tmp_path / "report.json"
    tracer = harness.start([harness.LEAKTRACE, "--json", str(path), "--", harness.program_path("basic")], stderr=writer)
    os.close(writer)
    status, _, _ = harness.finish(tracer)
    assert status == 128 + signal.SIGPIPE
    assert harness.load_report(str(path))["processes"][-1]["totals"]["heap"]["live_bytes"] == 1080


def test_a_baseline_that_cannot_be_written():
    result = run(["--check", "--baseline", "/nowhere/file", "--update-baseline"])
    assert result.status == 125
    assert "cannot write /nowhere/file" in result.stderr and not result.stdout


@pytest.mark.parametrize("option", ["junit", "valgrind-xml", "sarif", "markdown"])
def test_a_file_that_cannot_be_written(option):
    result = run(["--check", f"--{option}", "/nowhere/file"])
    assert result.status == 125
    assert "cannot write /nowhere/file" in result.stderr
    result = run(["--check", f"--{option}", "/dev/full"], "heap")
    assert "cannot write" in result.stderr and "/dev/full" in result.stderr
