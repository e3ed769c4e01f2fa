# SPDX-License-Identifier: GPL-2.0-or-later
"""Attaching to what runs: blocks from before, what comes later, coming and going, several at once."""

import os
import signal
import subprocess
import time

import pytest

import harness


def await_true(condition, what, timeout=harness.TIMEOUT_S):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    pytest.fail(f"not in time: {what}")


def heap(process):
    return process["totals"]["heap"]


def adds_up(process):
    totals = heap(process)
    return all(totals["acquired_" + unit] - totals["released_" + unit] == totals["live_" + unit] ==
               sum(site["live_" + unit] for site in harness.heap_sites(process)) for unit in ("count", "bytes"))


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0]


def thread_states(pid):
    states = set()
    for tid in os.listdir(f"/proc/{pid}/task"):
        try:
            with open(f"/proc/{pid}/task/{tid}/stat", encoding="utf-8") as file:
                states.add(file.read().rpartition(")")[2].split()[0])
        except FileNotFoundError:
            continue
    return states


def takes_interrupts(pid):
    """leaktrace waits for the end: it blocks SIGINT. A thread that starts another blocks every signal
    for a moment, SIGUSR2 too: that is no sign."""
    try:
        with open(f"/proc/{pid}/status", encoding="utf-8") as file:
            mask = next(int(line.split()[1], 16) for line in file if line.startswith("SigBlk"))
    except (OSError, StopIteration):
        return False
    return bool(mask & 1 << (signal.SIGINT - 1)) and not mask & 1 << (signal.SIGUSR2 - 1)


def trace(pids, options, action):
    def act(tracer):
        await_true(lambda: tracer.poll() is not None or takes_interrupts(tracer.pid), "leaktrace is attached")
        action(tracer)

    return harness.trace(pids, options, act)


# ---- what was before, what comes later -------------------------------------------


def test_before_and_later(attach):
    """Blocks from before are not reported, their releases are counted; new threads and a library
    that is loaded while we look are seen."""
    target = harness.start_waiting([harness.program_path("tree_late")])

    def act(_):
        harness.begin(target)
        harness.await_line(target, b"ready\n")
        harness.begin(target)
        harness.await_line(target, b"ready\n")
        await_true(lambda: any("libprefixed" in path for path in harness.text_pages_differ(target.pid)),
                   "probes in the library that was loaded")
        harness.begin(target)
        assert target.wait(harness.TIMEOUT_S) == 0

    try:
        result = trace(str(target.pid), ["--attach", attach, "--alloc-prefix", "je_"], act)
    finally:
        harness.drop(target)
    assert result.status == 0, result.stderr
    process, = result.report["processes"]
    # Each thread's end frees its cache and the one block in it, which was free already.
    assert process["unmatched_releases"] == 7 + 3 + 4 * 2
    assert (process["ended"], process["exit"]) == ("exited", {"status": 0})
    sites = {name: list(pair) for name, pair in harness.live_sites(process).items() if not name.startswith("@")}
    assert sites == {"resize_old": [3, 600], "leak_thread": [20, 660], "leak_late": [10, 480]}
    assert adds_up(process)
    assert not any(result.report["losses"][name] for name in harness.LOSSES_SPOILING)


def test_several_processes(attach):
    """Four of one program and one of another; each has its own books, and ends when it likes."""
    targets = [harness.start_waiting([harness.program_path("basic"), "--wait"]) for _ in range(4)]
    late = harness.start_waiting([harness.program_path("waiter")])

    def act(tracer):
        for target in targets:
            harness.begin(target)
            assert target.wait(harness.TIMEOUT_S) == 0
            assert tracer.poll() is None
        late.stdin.close()
        assert late.wait(harness.TIMEOUT_S) == 0

    try:
        pids = [target.pid for target in [*targets, late]]
        result = trace(",".join(map(str, pids)), ["--attach", attach], act)
    finally:
        for target in [*targets, late]:
            harness.drop(target)
    assert result.status == 0, result.stderr
    by_pid = {process["pid"]: process for process in result.report["processes"]}
    assert set(by_pid) == set(pids)
    assert [heap(by_pid[target.pid])["live_bytes"] for target in targets] == [1080] * 4
    assert heap(by_pid[late.pid])["acquired_count"] > 0
    assert all(adds_up(process) for process in by_pid.values())


def test_one_of_several_is_gone(attach):
    """No report that leaves one out: the message names it."""
    target = harness.start_waiting([harness.program_path("waiter")])
    gone = subprocess.Popen(["/bin/true"])
    gone.wait()
    try:
        result = harness.run(["--attach", attach, "-p", f"{target.pid},{gone.pid}"])
        assert result.status == 125
        assert str(gone.pid) in result.stderr
        assert not harness.text_pages_differ(target.pid)
    finally:
        harness.drop(target)


def test_target_ends_by_itself(attach):
    """The report comes with the end of the last process; nobody needs to interrupt."""
    result = harness.run_attached(harness.Variant("basic", None, None, None), attach)
    harness.check("basic", None, result, 0)
    assert result.report["processes"][0]["ended"] == "exited"


def test_target_execs(attach):
    """The process goes on as another program, and is followed."""
    target = harness.start_waiting(["/bin/sh", "-c", f"echo ready; read line; exec {harness.program_path('basic')}"])
    try:
        result = trace(str(target.pid), ["--attach", attach], lambda tracer: harness.begin(target))
    finally:
        harness.drop(target)
    assert result.status == 0, result.stderr
    shell, basic = result.report["processes"]
    assert (shell["ended"], shell["sites"]) == ("exec", [])
    assert (basic["comm"], heap(basic)["live_bytes"]) == ("basic", 1080)


# ---- reports while it goes on ----------------------------------------------------


def test_interval(attach):
    """A report every so often, each with what is live then; the target goes on."""
    target = harness.start_waiting([harness.program_path("waiter")])
    try:
        result = trace(str(target.pid), ["--attach", attach, "-i", "0.3"],
                               lambda tracer: [time.sleep(2), tracer.send_signal(signal.SIGINT)])
        assert result.status == 0, result.stderr
        text = result.stdout.decode()
        assert text.count(f"waiter[{target.pid}]") >= 3, text
        assert result.report["processes"][0]["ended"] == "running"
        stdout, _ = target.communicate(timeout=harness.TIMEOUT_S)
        assert (target.returncode, stdout) == (0, b"whole\n")
    finally:
        harness.drop(target)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_with_busy_threads(attach, number):
    target = harness.start_waiting([harness.program_path("tree_busy")])
    try:
        result = trace(str(target.pid), ["--attach", attach], lambda tracer: tracer.send_signal(number))
        assert result.status == 0, result.stderr
        assert result.report["processes"][0]["ended"] == "running"
        stdout, _ = target.communicate(timeout=harness.TIMEOUT_S)
        assert (target.returncode, stdout) == (0, b"whole\n")
    finally:
        harness.drop(target)


# ---- coming and going ------------------------------------------------------------


def look_for_a_while(target, attach):
    """One session over a running program, which stands still while the tables are read."""

    def act(tracer):
        assert tracer.poll() is None, tracer.communicate()
        assert "T" not in thread_states(target.pid), "the target was stopped"
        time.sleep(0.1)
        target.send_signal(signal.SIGSTOP)
        await_true(lambda: thread_states(target.pid) == {"T"}, "all threads stand still")
        tracer.send_signal(signal.SIGINT)

    try:
        return trace(str(target.pid), ["--attach", attach], act)
    finally:
        target.send_signal(signal.SIGCONT)


def test_attached_again_and_again_to_busy_threads(attach):
    """Eight threads allocate at full rate all the time: the program is never harmed, nothing
    stays, and the books of each session add up."""
    # The kernel lets go of single probes one by one, each after its grace periods.
    times = 6 if attach == "single" and not harness.LONG else 20
    target = harness.start_waiting([harness.program_path("tree_busy")])
    try:
        for _ in range(times):
            result = look_for_a_while(target, attach)
            assert result.status == 0, result.stderr
            assert target.poll() is None
            process, = result.report["processes"]
            assert process["ended"] == "running"
            assert heap(process)["acquired_count"] > 100, heap(process)
            assert adds_up(process), heap(process)
            # Every thread holds at most its slots.
            assert heap(process)["live_count"] <= 8 * 512
            assert {site["stack"][0]["function"] for site in harness.heap_sites(process)} == {"acquire", "acquire_zeroed"}
            losses = {name for name, count in result.report["losses"].items() if count}
            assert losses <= {"releases_unmatched", "returns_unmatched", "calls_abandoned"}, result.report["losses"]
            assert harness.text_pages_differ(target.pid) == []
            assert state_of(target.pid) in "RS"
        stdout, _ = target.communicate(timeout=harness.TIMEOUT_S)
        assert (target.returncode, stdout) == (0, b"whole\n")
    finally:
        harness.drop(target)
