# SPDX-License-Identifier: GPL-2.0-or-later
"""Calls and marks: what is acquired inside is charged to them, and what grows with each is told
from what is kept. The programs are tests/programs/rounds.c, marks.c and rounds_cxx.cc;
LEAKTRACE_LONG=1 runs each of their cases a hundred times."""

import json
import re
import socket
import subprocess

import pytest

import harness

ROUNDS = harness.program_path("rounds")
TIMES = 100 if harness.LONG else 5
CALLS = ["--no-scan", "--call", "session"]
# As many entries as the rounds hold: 10 of warm-up, then 10, 20, 40, 80, and 40 of the next.
ENTRIES = [10, 10, 20, 40, 80, 40]


def scope_of(result, name="session", of="call"):
    found = [scope for process in result.report["processes"] for scope in process["scopes"]
             if scope["name"] == name and scope["of"] == of]
    assert len(found) == 1, found
    return found[0]


def growing(scope):
    """(kind, per entry, innermost function) of each call site that grows"""
    return sorted((site["kind"], round(site["count_per_entry"], 2), site["stack"][0]["function"])
                  for site in scope["sites"] if site["grows"])


# ---- what leaks, and what is kept ------------------------------------------------------------


@pytest.mark.parametrize("case, expected", [
    ("sixteen", [("heap", 1.0, "lose")]), ("fd", [("fd", 1.0, "open64")]), ("mapping", [("mmap", 1.0, "mmap64")]),
    ("tenth", [("heap", 0.1, "allocate_dtv"), ("thread", 0.1, "leak_thread")]), ("throws", [("heap", 1.0, "lose")]),
    ("late", [("heap", 0.94, "lose")]), ("random", [("heap", 0.33, "lose")]),
])
def test_leaks_are_always_red(case, expected):
    for _ in range(TIMES):
        result = harness.run(CALLS, [ROUNDS, case])
        assert result.status == 23, result.stderr
        assert result.report["verdict"] == "leak"
        scope = scope_of(result)
        assert scope["state"] == "grows" and scope["entries"] == 200
        assert [each["entries"] for each in scope["rounds"]] == ENTRIES
        found = growing(scope)
        assert [(kind, count) for kind, count, _ in found] == [(kind, count) for kind, count, _ in expected]
        # The line is the program's own.
        line = {"fd": "leak_fd", "mapping": "leak_mapping", "tenth": "leak_thread"}.get(case, "lose")
        assert f"by {line} rounds.c:" in result.stderr
        assert {reason["id"] for reason in result.report["reasons"]} == {"grows-per-call"}


@pytest.mark.parametrize("case", ["clean", "buffer", "cache", "lazy", "pool", "window", "outside"])
def test_what_is_kept_is_never_red(case):
    for _ in range(TIMES):
        result = harness.run(CALLS, [ROUNDS, case])
        assert result.status == 0, result.stderr
        assert result.report["verdict"] == "clean"
        assert scope_of(result)["state"] == "steady"
        assert not growing(scope_of(result))


@pytest.mark.parametrize("case, red", [("sixteen", True), ("fd", True), ("tenth", True), ("buffer", False), ("cache", False),
                                       ("lazy", False), ("pool", False), ("outside", False)])
def test_marks_are_judged_like_calls(case, red):
    result = harness.run(["--no-scan", "--fail-on", "fd>1000000"], [ROUNDS, case])
    assert result.status == (23 if red else 0), result.stderr
    scope = scope_of(result, of="mark")
    assert scope["entries"] == 200 and scope["state"] == ("grows" if red else "steady")
    if red:
        assert {reason["id"] for reason in result.report["reasons"]} == {"grows-per-mark"}


def test_without_a_gate_marks_fail_nothing():
    result = harness.run(["--no-scan"], [ROUNDS, "sixteen"])
    assert result.status == 0 and result.report["verdict"] == "none"
    assert "session in rounds" in result.stderr and "200 runs: grows" in result.stderr


def test_rounds_in_words():
    result = harness.run(CALLS, [ROUNDS, "sixteen"])
    assert "heap=+160 bytes (avg/call=+16)  (calls=10)" in result.stderr
    assert "heap=+320 bytes (avg/call=+16)  (calls=20)" in result.stderr
    assert "FAIL: session() leaves 16 bytes in 1 block more behind with each call in rounds[" in result.stderr


def test_the_innermost_call_is_charged():
    result = harness.run(CALLS + ["--call", "inner"], [ROUNDS, "nested"])
    assert result.status == 23
    assert growing(scope_of(result, "inner")) == [("heap", 1.0, "lose")]
    outer = scope_of(result, "session")
    assert growing(outer) == [("heap", 1.0, "lose")]
    assert [site["bytes_per_entry"] for site in outer["sites"]] == [8]
    assert [site["bytes_per_entry"] for site in scope_of(result, "inner")["sites"]] == [16]


def test_warm_up_and_rounds_are_chosen():
    result = harness.run(CALLS + ["--warmup-calls", "50", "--retries", "3"], [ROUNDS, "cache"])
    assert result.status == 0
    assert [each["entries"] for each in scope_of(result)["rounds"]] == [50, 10, 20, 120]
    result = harness.run(CALLS + ["--warmup-calls", "0"], [ROUNDS, "sixteen", "40"])
    assert result.status == 23
    assert [each["entries"] for each in scope_of(result)["rounds"]] == [0, 10, 20, 10]


def test_too_few_calls_are_not_clean():
    result = harness.run(CALLS, [ROUNDS, "clean", "44"])
    assert result.status == 125 and result.report["verdict"] == "unmeasured"
    assert "session() was called 44 times: too few to tell" in result.stderr
    assert harness.run(CALLS, [ROUNDS, "clean", "45"]).status == 0


def test_a_function_that_is_not_there():
    result = harness.run(["--no-scan", "--call", "no_such_function"], [ROUNDS, "clean"])
    assert result.status == 125
    assert "--call no_such_function: no such function was found" in result.stderr


def test_suppressed_growth_is_no_growth(tmp_path):
    known = tmp_path / "known.supp"
    known.write_text("leak:lose\n")
    assert harness.run(CALLS + ["--suppressions", str(known)], [ROUNDS, "sixteen"]).status == 0


@pytest.mark.parametrize("name", ["app::Parser::read", "app::Parser::read(int)", "_ZN3app6Parser4readEi"])
def test_cplusplus_and_exceptions(name):
    result = harness.run(["--no-scan", "--call", name], [harness.program_path("rounds_cxx")])
    assert result.status == 23, result.stderr
    scope = scope_of(result, name)
    assert scope["entries"] == 200
    assert [(site["kind"], site["bytes_per_entry"]) for site in scope["sites"] if site["grows"]] == [("heap", 24)]


def test_each_way_to_attach(attach):
    assert harness.run(["--attach", attach, *CALLS], [ROUNDS, "sixteen"]).status == 23
    assert harness.run(["--attach", attach, "--no-namespace", *CALLS], [ROUNDS, "cache"]).status == 0


# ---- marks -----------------------------------------------------------------------------------


def sizes_by_scope(report):
    """What each mark of a process has, by the sizes of its blocks: from a recording's JSON, where
    every block has a size of its own."""
    sizes = {}
    for process in report["processes"]:
        for scope in process["scopes"]:
            for each in scope["rounds"]:
                if "heap" in each:
                    sizes[scope["name"]] = sizes.get(scope["name"], 0) + each["heap"]["bytes"]
    return sizes


EXPECTED_MARKS = {"outer": 1001 + 1003 + 1007 + 1008, "inner": 1002, "cold": 1005, "warm": 1006, "own": 1009}


def test_marks():
    """Nested, again, of other threads, as phases; the last END of the program is one too many."""
    result = harness.run(["--no-scan"], [harness.program_path("marks")])
    assert result.status == 0
    sizes = sizes_by_scope(result.report)
    outer = sizes.pop("outer")
    # pthread_create's own block for the thread's vector may have been used again.
    assert outer - EXPECTED_MARKS["outer"] in (0, 272, 288, 544)
    assert sizes == {name: size for name, size in EXPECTED_MARKS.items() if name != "outer"}
    entries = {scope["name"]: scope["entries"] for process in result.report["processes"] for scope in process["scopes"]}
    assert entries == {"outer": 2, "inner": 1, "cold": 1, "warm": 1, "own": 1}
    assert re.search(r"  inner in marks\[\d+\], 1 run: 1.0 KB in 1 block left\n", result.stderr), result.stderr


def test_marks_of_an_attached_process():
    target = harness.start_waiting([harness.program_path("marks"), "--wait"])
    try:
        result = harness.trace(str(target.pid), ["--no-scan"], lambda tracer: harness.begin(target))
        assert sizes_by_scope(result.report)["inner"] == 1002
    finally:
        harness.drop(target)


def test_marks_by_the_library():
    script = ("import ctypes, sys\n"
              f"marks = ctypes.CDLL('{harness.BUILD}/libleaktrace-mark.so')\n"
              "libc = ctypes.CDLL(None)\n"
              "libc.malloc.restype = ctypes.c_void_p\n"
              "for i in range(60):\n"
              "    marks.leaktrace_begin(b'case one')\n"
              "    libc.malloc(ctypes.c_size_t(12345))\n"
              "    marks.leaktrace_end()\n")
    result = harness.run(["--fail-on", "fd>100000"], ["/usr/bin/python3", "-c", script])
    assert result.status == 23, result.stderr
    scope = scope_of(result, "case one", "mark")
    assert scope["entries"] == 60 and scope["state"] == "grows"
    assert any(site["bytes_per_entry"] == 12345 for site in scope["sites"] if site["grows"])


def test_a_recording_keeps_scopes(tmp_path):
    recording = str(tmp_path / "rounds.leaktrace")
    assert harness.run(CALLS + ["-o", recording], [ROUNDS, "sixteen"]).status == 23
    later = harness.finish(harness.start([harness.LEAKTRACE, "report", recording, "--check"]))
    assert b"200 calls: grows" in later[1]
    assert later[0] == 23


def test_many_processes_have_marks_of_their_own():
    """Numbers of processes are used again; what one did is none of the next one's."""
    count = 150
    script = f"i=0; while [ $i -lt {count} ]; do {harness.program_path('marks')}; i=$((i+1)); done"
    result = harness.run(["--no-scan", "--kinds", "heap"], ["sh", "-c", script])
    found = [{scope["name"]: scope["entries"] for scope in process["scopes"]}
             for process in result.report["processes"] if process["comm"] == "marks" and process["ended"] == "exited"]
    assert found == [{"outer": 2, "inner": 1, "cold": 1, "warm": 1, "own": 1}] * count
    assert result.report["losses"]["scopes_failed"] == 0


# ---- questions of the command ----------------------------------------------------------------


ASK = """
import ctypes, os, socket, sys
marks = ctypes.CDLL(os.environ["LEAKTRACE_MARK_LIBRARY"])
libc = ctypes.CDLL(None)
for i in range(60):
    marks.leaktrace_begin(b"asked")
    libc.malloc(ctypes.c_size_t(4321))
    marks.leaktrace_end()
def ask(line):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect("\\0" + os.environ["LEAKTRACE_CONTROL"])
        connection.sendall(line)
        return b"".join(iter(lambda: connection.recv(65536), b"")).decode()
print(os.environ["LEAKTRACE_CONTROL"], flush=True)
print(ask(b"scope asked\\n"), flush=True)
print(ask(b"scope unheard of\\n"), flush=True)
print(repr(ask(b"nonsense\\n")), flush=True)
sys.stdin.readline()
"""


def test_questions():
    tracer = harness.start([harness.LEAKTRACE, "--no-scan", "--", "/usr/bin/python3", "-c", ASK], stdin=subprocess.PIPE)
    name, answer, unknown, nonsense = (tracer.stdout.readline().decode().strip() for _ in range(4))
    scopes = json.loads(answer)
    assert [(scope["name"], scope["entries"], scope["state"]) for scope in scopes] == [("asked", 60, "grows")]
    assert [site["bytes_per_entry"] for site in scopes[0]["sites"] if site["grows"]] == [4321]
    assert (unknown, nonsense) == ("[]", "''")
    # Whoever is not traced is told nothing.
    with socket.socket(socket.AF_UNIX) as stranger:
        stranger.settimeout(10)
        stranger.connect("\0" + name)
        try:
            stranger.sendall(b"scope asked\n")
            assert stranger.recv(100) == b""
        except ConnectionError:
            pass
    status, _, stderr = harness.finish(tracer, stdin=b"\n")
    assert status == 0, stderr
