# SPDX-License-Identifier: GPL-2.0-or-later
"""Single calls of leaktrace itself fail (tests/faults/libfault.c): it says so, harms nobody, leaves nothing.

A first run tells what is called and from where; a place that calls often fails at its first call. In the
long form (LEAKTRACE_LONG=1) each place fails, else some, spread out.
"""

import collections
import json
import os
import re
import subprocess
import time
import uuid

import pytest

import harness

LIBRARY = os.path.join(harness.BUILD, "tests", "faults", "libfault.so")
SAMPLE = 8
# With AddressSanitizer the memory functions are its own.
CLASSES = ("system",) if harness.is_sanitized() else ("memory", "system")

MEASURED, UNMEASURED, CANNOT_RUN = 0, 125, 126
ALL_KINDS = ["--kinds", "heap,mmap,fd,thread"]
WHOLE = ["/bin/sh", "-c", '"$1" && echo whole', "sh", harness.program_path("basic")]
# What these do without memory is not ours; that nobody else is harmed by it is.
LIBRARIES_THAT_CRASH = ("libdw", "libcapstone")
# The first line of a report, no message.
VERDICT = re.compile(r"leaktrace: (.* lost|no live blocks|nothing is lost)")

Call = collections.namedtuple("Call", "kind number name")
Way = collections.namedtuple("Way", "arguments files stdout")
Outcome = collections.namedtuple("Outcome", "status stdout stderr")


def ways(folder):
    """Options and command, files that are written, and what the command writes when it ran."""
    report, again, recording, whole = (str(folder / name) for name in ("report.json", "again.json", "run.lt", "whole.lt"))
    return {
        "heap": Way(["--kinds", "heap", "--json", report, "--", harness.program_path("basic")], [report], b""),
        "all": Way([*ALL_KINDS, "--json", report, "-o", recording, "--", *WHOLE], [report, recording], b"whole\n"),
        "processes": Way(["--no-namespace", "--kinds", "heap", "--json", report, "--", *WHOLE], [report], b"whole\n"),
        "single": Way(["--no-namespace", "--attach", "single", "--kinds", "heap", "--no-scan", "--json", report, "--", *WHOLE],
                      [report], b"whole\n"),
        "report": Way(["report", "--json", again, whole], [again], None),
    }


def preload():
    if not harness.is_sanitized():
        return LIBRARY
    runtime = subprocess.run([os.environ.get("CC", "gcc"), "-print-file-name=libasan.so"], capture_output=True, text=True,
                             check=True).stdout.strip()
    return runtime + ":" + LIBRARY


def with_mark(mark):
    """Processes that were started with a mark in their environment."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                if mark.encode() in file.read():
                    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as stat:
                        found.append((int(pid), stat.read().rpartition(")")[2].split()[0]))
        except OSError:
            continue
    return [pid for pid, state in found if state not in "ZX"]


def stay(mark, patience_s=10):
    end = time.monotonic() + patience_s
    while with_mark(mark):
        if time.monotonic() > end:
            return with_mark(mark)
        time.sleep(0.05)
    return []


def run(way, log, fail=None):
    """Returns the outcome, and what is wrong with it whatever failed."""
    for path in way.files:
        if os.path.exists(path):
            os.remove(path)
    mark = "MARK_OF_TEST=" + uuid.uuid4().hex
    env = dict([mark.split("=")], LD_PRELOAD=preload(), LIBFAULT_LOG=str(log))
    if fail:
        env["LIBFAULT_FAIL"] = f"{fail.kind}:{fail.number}"
    process = harness.start([harness.LEAKTRACE, *way.arguments], env)
    try:
        stdout, stderr = process.communicate(timeout=harness.TIMEOUT_S)
    except subprocess.TimeoutExpired:
        harness.end_group(process)
        stdout, stderr = process.communicate()
        return Outcome(process.returncode, stdout, harness.decode(stderr)), ["it does not end"]
    wrong = [f"process {pid} stays" for pid in stay(mark)]
    return Outcome(process.returncode, stdout, harness.decode(stderr)), wrong


def messages(text):
    return [line for line in text.splitlines() if line.startswith("leaktrace: ") and not VERDICT.match(line)]


def is_whole(path):
    if path.endswith(".json"):
        try:
            with open(path, encoding="utf-8") as file:
                json.load(file)
        except ValueError:
            return False
        return True
    read = subprocess.run([harness.LEAKTRACE, "report", path], capture_output=True, timeout=harness.TIMEOUT_S, check=False)
    # Of one that measured nothing that is the status, too.
    return read.returncode in (MEASURED, UNMEASURED) and b"cannot read" not in read.stderr


def books(path):
    """What a report says of the program, and whether it says that something was lost."""
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    totals = [process["totals"]["heap"] for process in report["processes"] if process["comm"] == "basic"]
    counts = [tuple(total[key] for key in ("acquired_count", "acquired_bytes", "live_count", "live_bytes"))
              for total in totals]
    return counts, any(report["losses"].values())


def faults_of(way, outcome, expected=None):
    """What is wrong with an outcome; `expected`: what is written when nothing fails."""
    if outcome.status not in (MEASURED, UNMEASURED, CANNOT_RUN):
        return [f"status {outcome.status}"]
    wrong = []
    if outcome.status != MEASURED and not messages(outcome.stderr):
        wrong.append(f"status {outcome.status} without a message")
    if way.stdout is not None:
        allowed = (way.stdout,) if outcome.status == MEASURED else (way.stdout, b"")
        if outcome.stdout not in allowed:
            wrong.append(f"the command was harmed: wrote {outcome.stdout!r}")
    for path in way.files:
        if os.path.exists(path):
            if not is_whole(path):
                wrong.append(f"{os.path.basename(path)} is not whole")
        elif outcome.status == MEASURED:
            wrong.append(f"{os.path.basename(path)} is missing")
    if way.stdout is None and outcome.status == MEASURED and outcome.stdout != expected:
        wrong.append("another report, and nothing says so")
    elif outcome.status == MEASURED and not wrong and not messages(outcome.stderr):
        counts, lost = books(way.files[0])
        if counts != [(25, 1912, 12, 1080)] and not lost:
            wrong.append(f"wrong totals, and nothing says so: {counts}")
    return wrong


def places(way, log):
    """The calls of a run, the first of each place that calls; and what it writes."""
    log.unlink(missing_ok=True)
    outcome, wrong = run(way, log)
    assert outcome.status == MEASURED and not wrong, (outcome, wrong)
    assert not faults_of(way, outcome, outcome.stdout), outcome
    found = {kind: {} for kind in CLASSES}
    with open(log, encoding="utf-8") as file:
        for line in file:
            kind, number, name, place = line.split()
            if kind in found:
                found[kind].setdefault((name, place), Call(kind, int(number), name))
    return {kind: sorted(calls.values(), key=lambda call: call.number) for kind, calls in found.items()}, outcome.stdout


def is_of_library(text):
    """Whether one of those libraries made the call that failed."""
    callers = [line for line in text.splitlines()[1:] if "libfault.so" not in line and "libc.so" not in line]
    return bool(callers) and os.path.basename(callers[0].split("(")[0]).startswith(LIBRARIES_THAT_CRASH)


def spread(calls):
    """All, or so many, the first and the last among them."""
    if harness.LONG or len(calls) <= SAMPLE:
        return calls
    return [calls[i * (len(calls) - 1) // (SAMPLE - 1)] for i in range(SAMPLE)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """With a recording to be read."""
    made = tmp_path_factory.mktemp("faults")
    result = harness.run([*ALL_KINDS, "-o", str(made / "whole.lt")], WHOLE)
    assert result.status == 0, result.stderr
    return made


@pytest.mark.parametrize("name", ["heap", "all", "processes", "single", "report"])
def test_one_call_fails(folder, name):
    way = ways(folder)[name]
    failed, injected, crashed = [], 0, 0
    log = folder / "calls"
    found, expected = places(way, log)
    before = harness.traces()
    for call in [call for calls in found.values() for call in spread(calls)]:
        log.unlink()
        log.touch()
        outcome, wrong = run(way, log, call)
        injected += bool(log.read_text())
        wrong += faults_of(way, outcome, expected)
        if is_of_library(log.read_text()):
            crashed += outcome.status < 0 or outcome.status == 1
            wrong = [text for text in wrong if "status" not in text]
        if wrong:
            failed.append(f"{call.kind}:{call.number} {call.name}: {', '.join(wrong)}\n{outcome.stderr[-600:]}"
                          f"\nfailed at: {log.read_text()}")
            print(failed[-1], flush=True)
    print(f"{name}: {({kind: len(calls) for kind, calls in found.items()})} places, {injected} calls failed, "
          f"{crashed} ended leaktrace inside of {LIBRARIES_THAT_CRASH}")
    left = harness.left_behind(before)
    assert not left, left
    assert injected
    assert not failed, f"{len(failed)} of {injected}\n" + "\n".join(failed)
