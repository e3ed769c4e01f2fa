# SPDX-License-Identifier: GPL-2.0-or-later
"""Red or green: what fails a run and with which status, what a user accepts, and what it
says. The programs are tests/programs/gate.c's cases and tools of the distribution."""

import shutil
import subprocess

import pytest

import harness

GATE = harness.program_path("gate")


def run(options, *what, command=None):
    return harness.run(list(options), [*(command or [GATE]), *what])


def reasons(result):
    return [(reason["id"], reason["kind"]) for reason in result.report["reasons"]]


# ---- what fails ------------------------------------------------------------------------------


@pytest.mark.parametrize("what, kind, words", [
    ("heap", "heap", "FAIL: 3.0 KB (3,000 bytes) in 3 blocks lost in gate["),
    ("fd", "fd", "FAIL: 2 descriptors left open in gate["),
    ("mmap", "mmap", "FAIL: 1.0 MB (1,048,576 bytes) in 1 mapping left mapped in gate["),
    ("thread", "thread", "FAIL: 1 thread not joined in gate["),
])
def test_check_fails_on_each_kind(what, kind, words):
    result = run(["--check"], what)
    assert result.status == 23, result.stderr
    assert result.report["verdict"] == "leak"
    assert reasons(result) == [("leak", kind)]
    assert words in result.stderr
    assert f"by leak_{what} gate.c:" in result.stderr
    stack = result.report["reasons"][0]["stack"]
    assert any(frame["function"] == f"leak_{what}" and frame["file"].endswith("gate.c") for frame in stack)


@pytest.mark.parametrize("what", [(), ("reachable",), ("running",), ("accepted",), ("status",)], ids=" ".join)
def test_check_passes(what):
    result = run(["--check"], *what)
    assert result.status == (7 if "status" in what else 0), result.stderr
    assert result.report["verdict"] == "clean" and not result.report["reasons"]
    assert "leaktrace: PASS" in result.stderr


def test_all_kinds_at_once_and_children():
    result = run(["--check"], "heap", "fd", "mmap", "thread", "child")
    assert result.status == 23, result.stderr
    assert sorted(kind for _, kind in reasons(result)) == ["fd", "heap", "heap", "mmap", "thread"]
    assert len({reason["pid"] for reason in result.report["reasons"]}) == 2


def test_a_leak_outweighs_the_commands_own_status():
    assert run(["--check", "--error-exitcode=9"], "heap", "status").status == 9


@pytest.mark.parametrize("rules, what, status", [
    (["heap:definite"], "heap", 23), (["heap:possible"], "heap", 0), (["heap:reachable"], "reachable", 23),
    (["heap:definite"], "reachable", 0), (["heap:any"], "reachable", 23), (["fd"], "heap", 0), (["fd"], "fd", 23),
    (["fd>1"], "fd", 23), (["fd>2"], "fd", 0), (["heap>2KB"], "heap", 23), (["heap>3KB"], "heap", 0),
    (["heap:any>2 blocks"], "heap", 23), (["heap:any>100 blocks"], "heap", 0), (["thread:any"], "running", 23),
    (["thread"], "running", 0), (["heap:possible", "heap:definite"], "heap", 23), (["mmap>1MB"], "mmap", 0),
    (["mmap>1000KB"], "mmap", 23),
], ids=lambda value: " ".join(value) if isinstance(value, list) else str(value))
def test_rules(rules, what, status):
    options = [word for rule in rules for word in ("--fail-on", rule)]
    result = run(options, what)
    assert result.status == status, result.stderr
    assert result.report["verdict"] == ("leak" if status else "clean")


@pytest.mark.parametrize("tolerance, status", [
    ("heap=3KB", 0), ("heap=2KB", 23), ("heap=2blocks", 23), ("heap=3 blocks", 0), ("fd=5", 23),
    ("fd=5,heap=3000", 0), ("heap=2999", 23),
])
def test_tolerance(tolerance, status):
    assert run(["--check", "--tolerance", tolerance], "heap").status == status


def test_tolerance_and_limit_add_up():
    assert run(["--fail-on", "heap>1000", "--tolerance", "heap=2000"], "heap").status == 0
    assert run(["--fail-on", "heap>1000", "--tolerance", "heap=1999"], "heap").status == 23


# ---- which processes -------------------------------------------------------------------------


def test_processes_that_are_left_out():
    shell = ["sh", "-c", f"{GATE} heap; exit 0"]
    assert run(["--check"], command=shell).status == 23
    result = run(["--check", "--ignore-process", "gate"], command=shell)
    assert result.status == 0, result.stderr
    assert [process["ignored"] for process in result.report["processes"] if process["comm"] == "gate"] == [True]
    assert run(["--check", "--ignore-process", "*/programs/ga?e"], command=shell).status == 0
    assert run(["--check", "--only-process", "gate"], command=shell).status == 23
    assert run(["--check", "--only-process", "sh*", "--only-process", "dash"], command=shell).status == 0


def test_nothing_is_left_to_judge():
    result = run(["--check", "--only-process", "nobody"], "heap")
    assert result.status == 125
    assert "no process was seen" in result.stderr


# ---- never clean when it is not known --------------------------------------------------------


def test_killed_before_anybody_could_look():
    result = run(["--check"], "reachable", "kill")
    assert result.status == 125
    assert result.report["verdict"] == "unmeasured"
    assert ("unclassified", "heap") in reasons(result)
    assert "NOT MEASURED: whether " in result.stderr and "lost is not known" in result.stderr
    # A rule that asks for no class can tell.
    assert run(["--fail-on", "heap:any>1MB"], "reachable", "kill").status == 128 + 9


def test_no_look_into_memory():
    assert run(["--check", "--no-scan"], "reachable").status == 125
    assert run(["--fail-on", "fd", "--no-scan"], "reachable").status == 0


def test_losses():
    grow = harness.program_path("grow")
    result = run(["--fail-on", "heap:any>1GB", "--max-live", "10"], "20000", "100", "1", command=[grow])
    assert result.report["losses"]["live_full"] > 0
    assert result.status == 125
    assert "NOT MEASURED" in result.stderr and "PASS" not in result.stderr


def test_a_process_without_an_allocator():
    result = run(["--check"], command=[harness.program_path("no_allocator")])
    assert result.status == 125


def test_a_parent_that_ends_behind_its_child():
    """Both are stopped at their ends, one just after the other: neither stop cuts the other short."""
    def several():
        folders = [harness.Scratch() for _ in range(6)]
        paths = [folder.__enter__() for folder in folders]
        runs = [harness.start([harness.LEAKTRACE, "--check", "--json", path, "--", GATE, "heap", "child"]) for path in paths]
        for process in runs:
            status, _, stderr = harness.finish(process)
            assert status == 23, harness.decode(stderr)
        reports = [harness.load_report(path) for path in paths]
        for folder in folders:
            folder.__exit__()
        return reports

    for report in several() + several() + several():
        scans = [process["scan"]["state"] for process in report["processes"] if process["image"] or process["comm"] == "gate"]
        assert scans == ["done", "done"], report["processes"]


# ---- attached, and from a recording ----------------------------------------------------------


def test_a_recording_is_judged_later(tmp_path):
    recording = tmp_path / "run.leaktrace"
    assert run(["-o", str(recording)], "heap").status == 0
    for options, status in ((["--check"], 23), (["--fail-on", "fd"], 0), (["--fail-on", "stream"], 2)):
        later = subprocess.run([harness.LEAKTRACE, "report", str(recording), *options], capture_output=True, check=False)
        assert later.returncode == status, later.stderr


def test_attached():
    target = subprocess.Popen([harness.program_path("grow"), "100", "1000", "20"])
    try:
        result = harness.run(["--fail-on", "heap:any", "-d", "1", "-p", str(target.pid)])
        assert result.status == 23
        result = harness.run(["--fail-on", "fd", "-d", "1", "-p", str(target.pid)])
        assert result.status == 0
    finally:
        target.kill()
        target.wait()


def test_kinds_of_resource_files():
    resource = f"{harness.ROOT}/share/resources/stdio.res"
    opens = ["/usr/bin/python3", "-c", "import ctypes\nctypes.CDLL(None).fopen(b'/dev/null', b'r')"]
    assert run(["--resource", resource, "--fail-on", "stream:any"], "heap").status == 0
    result = run(["--resource", resource, "--fail-on", "stream:any"], command=opens)
    assert result.status == 23 and reasons(result) == [("leak", "stream")]
    assert run(["--fail-on", "stream"], "heap").status == 2


@pytest.mark.parametrize("options, words", [
    (["--fail-on", "heap:lost"], "'heap:lost' is not understood"), (["--fail-on", ""], "not understood"),
    (["--fail-on", "heap>"], "not understood"), (["--fail-on", "heap>1XB"], "not understood"),
    (["--fail-on", "heap:definite,"], "not understood"), (["--fail-on", "nothing"], "there is no kind 'nothing'"),
    (["--check", "--tolerance", "heap"], "not understood"), (["--check", "--tolerance", "heap=1KB,"], "not understood"),
    (["--check", "--tolerance", "heap=-1"], "not understood"), (["--tolerance", "heap=1KB"], "no meaning without"),
    (["--error-exitcode", "3"], "no meaning without"), (["--check", "--error-exitcode", "256"], "out of range"),
    (["--check", "--error-exitcode", "0"], "out of range"), (["--call", "work"] * 65, "64 functions are the most"),
])
def test_wrong_usage(options, words):
    result = run(options, "heap")
    assert result.status == 2
    assert words in result.stderr


# ---- programs that have no leaks of their own ------------------------------------------------


@pytest.mark.parametrize("command", [
    ["/bin/true"], ["/bin/ls", "/"], ["/bin/cat", "/etc/passwd"], ["/bin/sort", "/etc/passwd"], ["/usr/bin/id"],
    ["/bin/sh", "-c", "ls / | sort"], ["/bin/grep", "root", "/etc/passwd"], ["/usr/bin/env"], ["/bin/date"],
    ["/usr/bin/find", "/etc/apt"], ["/bin/sed", "s/a/b/", "/etc/passwd"],
], ids=lambda command: command[0].rsplit("/", 1)[-1])
def test_tools_of_the_distribution_leave_nothing(command):
    if not shutil.which(command[0]):
        pytest.skip(f"{command[0]} is not installed")
    # Some do lose a block at their end: date, sort.
    result = run(["--fail-on", "fd", "--fail-on", "thread", "--fail-on", "mmap"], command=command)
    assert result.status == 0, result.stderr


# ---- against another run ---------------------------------------------------------------------


def test_baseline(tmp_path):
    baseline = str(tmp_path / "baseline.leaktrace")
    result = run(["--baseline", baseline], "heap")
    assert result.status == 125 and baseline in result.stderr
    assert run(["--baseline", baseline, "--update-baseline"], "heap", "fd").status == 0
    assert run(["--baseline", baseline], "heap", "fd").status == 0
    assert run(["--baseline", baseline], "fd").status == 0
    result = run(["--baseline", baseline], "heap", "heap", "fd", "mmap")
    assert result.status == 23
    assert sorted((reason["kind"], reason["value"]) for reason in result.report["reasons"]) == [("heap", 3), ("mmap", 1)]
    # A rule says of what.
    assert run(["--baseline", baseline, "--fail-on", "fd"], "heap", "heap", "fd").status == 0
    assert run(["--update-baseline"], "heap").status == 2


def test_diff(tmp_path):
    old, new, changes = (str(tmp_path / name) for name in ("old", "new", "changes.json"))
    run(["-o", old], "heap", "fd")
    run(["-o", new], "heap", "heap", "mmap")
    command = [harness.LEAKTRACE, "diff", old, new, "--json", changes]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(b"leaktrace: call sites: 1 new, 1 grown, 0 shrunk, 1 gone")
    assert b"grown: 3.0 KB in 3 blocks -> 6.0 KB in 6 blocks, definitely lost in gate" in done.stdout
    found = harness.load_report(changes)
    assert found["schema"] == "leaktrace-diff/1"
    assert [(each["change"], each["kind"]) for each in found["changes"]] == [("new", "mmap"), ("grown", "heap"), ("gone", "fd")]
    assert subprocess.run([*command, "--check"], capture_output=True, check=False).returncode == 23
    same = subprocess.run([harness.LEAKTRACE, "diff", new, new, "--check"], capture_output=True, check=False)
    assert same.returncode == 0 and b"0 new, 0 grown" in same.stdout
    for wrong in (["diff"], ["diff", old], ["diff", old, new, new], ["diff", old, new, "--live"]):
        assert subprocess.run([harness.LEAKTRACE, *wrong], capture_output=True, check=False).returncode == 2
    assert subprocess.run([harness.LEAKTRACE, "diff", GATE, new], capture_output=True, check=False).returncode == 125


# ---- suppressions ----------------------------------------------------------------------------


def test_suppression_files(tmp_path):
    mine = tmp_path / "mine.supp"
    mine.write_text("{\n  blocks\n  Memcheck:Leak\n  match-leak-kinds: definite\n  fun:malloc\n  fun:leak_heap\n}\n"
                    "{\n  descriptors\n  CoreError:FdNotClosed\n  ...\n  fun:leak_fd\n  fun:main\n}\n")
    other = tmp_path / "other.supp"
    other.write_text("mmap:leak_mmap\nthread:leak_thread\nleak:no_such_function\n")
    options = ["--check", "-v", "--suppressions", str(mine), "--suppressions", str(other)]
    result = run(options, "heap", "fd", "mmap", "thread")
    assert result.status == 0, result.stderr
    used = {row["name"]: row["count"] for row in result.report["suppressions"] if row["file"].startswith(str(tmp_path))}
    assert used == {"blocks": 3, "descriptors": 2, "mmap:leak_mmap": 1, "thread:leak_thread": 1,
                    "leak:no_such_function": 0}
    assert f"unused: leak:no_such_function ({other}:3)" in result.stderr
    assert "suppressed: 3.0 KB in 3 blocks" in result.stderr
    # They leave out what they name, and nothing else.
    assert run(["--check", "--suppressions", str(mine)], "mmap").status == 23


def test_generated_suppressions_suppress(tmp_path):
    made = tmp_path / "made.supp"
    what = ("heap", "fd", "mmap", "thread", "child")
    assert run(["--check", "--gen-suppressions", str(made)], *what).status == 23
    assert "CoreError:FdNotClosed" in made.read_text() and "fun:leak_heap" in made.read_text()
    result = run(["--check", "--suppressions", str(made)], *what)
    assert result.status == 0, result.stderr
    if shutil.which("valgrind"):
        again = subprocess.run(["valgrind", "--leak-check=full", "--error-exitcode=23", f"--suppressions={made}", GATE, "heap"],
                               capture_output=True, check=False)
        # Valgrind has no tool of our name: it reads past it.
        assert again.returncode == 0, again.stderr


@pytest.mark.parametrize("path", ["/usr/lib/valgrind/python3.supp", "/usr/libexec/valgrind/default.supp"])
def test_files_of_others_load(path):
    """CPython's own file, and Valgrind's for the distribution's libraries."""
    result = run(["--check", "--suppressions", path], "heap")
    assert result.status == 23, result.stderr
    assert len(result.report["suppressions"]) > 2


def test_pythons_file_works(tmp_path):
    """What it says of CPython's functions is left out, and nothing else."""
    source = tmp_path / "like_python.c"
    source.write_text("#include <stdlib.h>\n"
                      "__attribute__((noinline)) void PyThread_ReInitTLS(void) { void *volatile p = malloc(50); p = 0; }\n"
                      "__attribute__((noinline)) void PyThread_other(void) { void *volatile p = malloc(60); p = 0; }\n"
                      "int main(int argc, char **argv) { PyThread_ReInitTLS(); if (argc > 1) PyThread_other(); return 0; }\n")
    program = str(tmp_path / "like_python")
    subprocess.run(["gcc", "-O1", "-g", "-fno-builtin", "-o", program, str(source)], check=True)
    options = ["--check", "--suppressions", "/usr/lib/valgrind/python3.supp"]
    assert run(options[:1], command=[program]).status == 23
    result = run(options, command=[program])
    assert result.status == 0, result.stderr
    assert [row["bytes"] for row in result.report["suppressions"] if row["count"]] == [50]
    assert run(options, command=[program, "more"]).status == 23


def test_the_programs_own_suppressions():
    result = run(["--check", "-v"], "accepted")
    assert result.status == 0
    assert any(row["name"] == "leak:accepted_leak" and row["count"] == 1 for row in result.report["suppressions"])


def test_default_suppressions():
    """Locales stay mapped; that is the C library's doing."""
    command = ["/bin/ls", "/"]
    env = {"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
    assert harness.run(["--fail-on", "mmap"], command, env=env).status == 0
    result = harness.run(["--fail-on", "mmap", "--default-suppressions=no"], command, env=env)
    assert result.status == 23, result.stderr
    assert not result.report["suppressions"]


def test_a_bad_suppression_file(tmp_path):
    path = tmp_path / "bad.supp"
    path.write_text("# first\n{\n   name\n   Memcheck:Leak\n   sum:main\n}\n")
    result = run(["--check", "--suppressions", str(path)], "heap")
    assert result.status == 2
    assert f"{path}:5:4: expected fun:, obj:, src: or ..." in result.stderr
    assert run(["--check", "--suppressions", str(tmp_path / "none")], "heap").status == 2
