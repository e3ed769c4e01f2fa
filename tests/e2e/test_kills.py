# SPDX-License-Identifier: GPL-2.0-or-later
"""leaktrace, or what it traces, is ended at a moment that nobody chose: no probe stays, nobody is harmed.

The moments come from a seed, which a failure tells; KILL_SEED repeats them. LEAKTRACE_LONG=1: 200 of them.
"""

import os
import random
import signal
import time

import pytest

import harness

SEED = int(os.environ.get("KILL_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
ROUNDS = 100 if harness.LONG else 12
SOONEST_S, LATEST_S = 0.02, 1.6
# Threads that allocate until standard input ends, beside children that do, one after the other.
TREE = 'for i in 1 2 3 4 5 6 7 8; do "$2" >&2; "$1" >&2; done & "$3" || exit 97; wait; echo all'
WHAT = ("TERM", "INT", "KILL", "target")


def tree_command():
    return ["/bin/sh", "-c", TREE, "sh", harness.program_path("exec_target"), harness.program_path("fork_child"),
            harness.program_path("tree_busy")]


def strike(what, tracer, target_pid):
    if what == "target":
        os.kill(target_pid, signal.SIGKILL)
    else:
        tracer.send_signal(getattr(signal, "SIG" + what))


def says_something(status, stdout, stderr):
    """A report, or why there is none."""
    return b"leaktrace" in stdout + stderr or status == -signal.SIGKILL


def let_it_run(tracer, delay_s):
    """Before it holds signals back they end it, as they end everybody, and nothing has begun."""
    end, bit = time.monotonic() + harness.TIMEOUT_S, signal.SIGTERM - 1
    while tracer.poll() is None and time.monotonic() < end:
        with open(f"/proc/{tracer.pid}/status", encoding="utf-8") as file:
            if any(int(line.split()[1], 16) >> bit & 1 for line in file if line.startswith("SigBlk")):
                break
        time.sleep(0.002)
    time.sleep(delay_s * harness.SLOWNESS)


def round_of_a_command(what, delay_s):
    """Returns what is wrong. A command has the signals that leaktrace has, and may end by them."""
    tracer = harness.start([harness.LEAKTRACE, "--", *tree_command()], stdin=harness.subprocess.PIPE)
    try:
        let_it_run(tracer, delay_s)
        if what == "target":
            children = [pid for pid in children_of(tracer.pid) if "leaktrace" not in name_of(pid)]
            for pid in children[:1]:
                os.kill(pid, signal.SIGKILL)
        elif tracer.poll() is None:
            strike(what, tracer, None)
        tracer.stdin.close()
        tracer.stdin = None
        try:
            stdout, stderr = tracer.communicate(timeout=harness.TIMEOUT_S)
        except harness.subprocess.TimeoutExpired:
            return [f"it does not end: {processes_of(tracer.pid)}"]
    finally:
        harness.end_group(tracer)
    wrong = []
    if not says_something(tracer.returncode, stdout, stderr):
        wrong.append(f"nothing said, status {tracer.returncode}")
    if what != "KILL" and tracer.returncode < 0 and b"ready" in stdout:
        wrong.append(f"leaktrace died by {-tracer.returncode}")
    # Killed alone, leaktrace takes nobody along.
    if what == "KILL" and stdout and stdout != b"ready\nwhole\nall\n":
        wrong.append(f"the command was harmed: {stdout!r}")
    if b"not so:" in stderr:
        wrong.append("a program was harmed")
    return wrong


def children_of(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
            return file.read().strip()
    except OSError:
        return "leaktrace"


def processes_of(session):
    found = []
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{entry}/stat", encoding="utf-8", errors="replace") as file:
                head, _, rest = file.read().rpartition(")")
            if int(rest.split()[3]) == session:
                found.append((head, rest.split()[0]))
        except OSError:
            continue
    return found


def start_busy():
    target = harness.start([harness.program_path("tree_busy")], stdin=harness.subprocess.PIPE)
    harness.await_line(target, b"ready\n")
    return target


def open_files_of(pid):
    try:
        return len(os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return 0


def round_of_an_attachment(what, delay_s, *options):
    target = start_busy()
    tracer = harness.start([harness.LEAKTRACE, *options, "-p", str(target.pid)])
    wrong = []
    try:
        let_it_run(tracer, delay_s)
        if tracer.poll() is None:
            strike(what, tracer, target.pid)
        try:
            stdout, stderr = tracer.communicate(timeout=harness.TIMEOUT_S)
        except harness.subprocess.TimeoutExpired:
            return [f"it does not end: {processes_of(tracer.pid)}"]
        if not says_something(tracer.returncode, stdout, stderr):
            wrong.append(f"nothing said, status {tracer.returncode}")
        if what != "KILL" and tracer.returncode < 0:
            wrong.append(f"leaktrace died by {-tracer.returncode}")
        if tracer.returncode > 0 and tracer.returncode != 125:
            wrong.append(f"status {tracer.returncode}")
        text, _ = target.communicate(timeout=harness.TIMEOUT_S)
        if what != "target" and (target.returncode, text) != (0, b"whole\n"):
            wrong.append(f"the target was harmed: {target.returncode}, {text!r}")
    except harness.subprocess.TimeoutExpired:
        wrong.append(f"the target does not end: {processes_of(target.pid)}")
    finally:
        harness.end_group(tracer)
        harness.drop(target)
    return wrong


def round_by_single_probes(what, delay_s):
    """What is defined for them has names in the kernel."""
    return round_of_an_attachment(what, delay_s, "--attach", "single")


@pytest.mark.parametrize("way", [round_of_a_command, round_of_an_attachment, round_by_single_probes],
                         ids=["command", "attachment", "single"])
def test_ended_at_any_moment(way):
    before = harness.traces()
    source, wrong = random.Random(f"{SEED} {way.__name__}"), []
    counts = {}
    for number in range(ROUNDS):
        what, delay_s = WHAT[number % len(WHAT)], source.uniform(SOONEST_S, LATEST_S)
        counts[what] = counts.get(what, 0) + 1
        wrong += [f"{number}: {what} after {delay_s:.3f} s: {text}" for text in way(what, delay_s)]
        if harness.programs_that_stay_stopped():
            wrong.append(f"{number}: {what} after {delay_s:.3f} s: stopped: {harness.stopped_programs()}")
            break
    print(f"{way.__name__}: seed {SEED}, {counts}, {len(wrong)} wrong")
    left = harness.left_behind(before)
    assert not wrong, f"KILL_SEED={SEED}\n" + "\n".join(wrong)
    assert not left, f"KILL_SEED={SEED}: {left}"


def files_when_attached():
    target = start_busy()
    tracer = harness.start([harness.LEAKTRACE, "-p", str(target.pid)])
    try:
        harness.await_attached(tracer)
        return open_files_of(tracer.pid)
    finally:
        harness.end_group(tracer)
        harness.drop(target)


def test_ended_while_attached_to():
    """A target that its parent has not waited for: it is there still, and leaktrace must see that it has ended.
    How far attaching has got is told by how many files (maps, programs, links) leaktrace has open."""
    before, most = harness.traces(), files_when_attached()
    for files in range(most // 2, most, 1 if harness.LONG else 3):
        target = start_busy()
        tracer = harness.start([harness.LEAKTRACE, "-p", str(target.pid)])
        try:
            end = time.monotonic() + harness.TIMEOUT_S
            while open_files_of(tracer.pid) < files and tracer.poll() is None and time.monotonic() < end:
                time.sleep(0.0005)
            os.kill(target.pid, signal.SIGKILL)
            status, stdout, stderr = harness.finish(tracer)
            assert status in (0, 125) and says_something(status, stdout, stderr), f"{files} of {most} files: {status}"
        finally:
            harness.end_group(tracer)
            harness.drop(target)
    assert not harness.left_behind(before)
