# SPDX-License-Identifier: GPL-2.0-or-later
"""Beginnings and ends: signals, terminals, pipes, users, deaths on either side."""

import errno
import os
import pty
import pwd
import signal
import subprocess
import time

import pytest

import harness

PYTHON = "/usr/bin/python3"


def await_true(condition, what, timeout=15):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.02)
    pytest.fail(f"not in time: {what}")


def end_of(target):
    """Lets the waiter end, and returns its status and what it said."""
    stdout, _ = target.communicate(timeout=harness.TIMEOUT_S)
    return target.returncode, stdout


# ---- deaths ------------------------------------------------------------------


def test_leaktrace_killed_while_attached(attach):
    """No probe stays, and the target goes on."""
    target = harness.start_waiting([harness.program_path("waiter")])
    try:
        tracer = harness.start([harness.LEAKTRACE, "--attach", attach, "-p", str(target.pid)])
        harness.await_attached(tracer)
        assert tracer.poll() is None, tracer.communicate()
        assert harness.text_pages_differ(target.pid), "there are no breakpoints to be left"
        tracer.kill()
        tracer.communicate()
        await_true(lambda: not harness.text_pages_differ(target.pid), "breakpoints removed")
        assert not harness.programs_that_stay_stopped()
        assert end_of(target) == (0, b"whole\n")
    finally:
        harness.drop(target)


def test_leaktrace_killed_while_a_command_runs(attach):
    """The command is not stopped, and ends well when its input does."""
    tracer = harness.start([harness.LEAKTRACE, "--attach", attach, "--", harness.program_path("waiter")],
                           stdin=subprocess.PIPE)
    try:
        harness.await_line(tracer, b"ready\n")
        tracer.kill()
        tracer.stdin.close()
        assert os.read(tracer.stdout.fileno(), 6) == b"whole\n"
    finally:
        harness.end_group(tracer)
        tracer.stdout.close()
        tracer.stderr.close()
    assert not harness.programs_that_stay_stopped()


def test_leaktrace_killed_while_children_start(attach):
    """Children that were stopped for probes at that moment go on."""
    script = 'for i in 1 2 3 4 5 6 7 8 9 10; do "$1"; "$2"; done; echo whole'
    for delay_s in (0.3, 0.6, 0.9):
        tracer = harness.start([harness.LEAKTRACE, "--attach", attach, "--", "/bin/sh", "-c", script, "sh",
                                harness.program_path("exec_target"), harness.program_path("basic", "static")])
        try:
            time.sleep(delay_s)
            tracer.kill()
            stdout, _ = tracer.communicate(timeout=harness.TIMEOUT_S)
            assert stdout in (b"whole\n", b"")  # b"": it had not begun
        finally:
            harness.end_group(tracer)
        assert not harness.programs_that_stay_stopped()


def test_target_ends_while_attaching(attach):
    """A report, or one clear message; never a hang."""
    for delay_s in (0, 0.1, 0.3):
        target = harness.start_waiting([harness.program_path("waiter")])
        tracer = harness.start([harness.LEAKTRACE, "--attach", attach, "-p", str(target.pid)])
        time.sleep(delay_s)
        target.kill()
        target.communicate()
        status, _, stderr = harness.finish(tracer)
        assert status in (0, 125)
        if status == 125:
            assert harness.decode(stderr).startswith("leaktrace: ")


def test_target_killed(attach):
    target = harness.start_waiting([harness.program_path("waiter")])
    try:
        result = harness.trace(str(target.pid), ["--attach", attach], lambda tracer: target.kill())
    finally:
        harness.drop(target)
    assert result.status == 0, result.stderr
    process = result.report["processes"][0]
    assert (process["ended"], process["exit"]) == ("signaled", {"signal": 9})


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_while_attached(attach, number):
    """The report comes, the target goes on."""
    target = harness.start_waiting([harness.program_path("waiter")])
    try:
        result = harness.trace(str(target.pid), ["--attach", attach], lambda tracer: tracer.send_signal(number))
        assert result.status == 0, result.stderr
        assert result.stdout
        assert result.report["processes"][0]["ended"] == "running"
        await_true(lambda: not harness.text_pages_differ(target.pid), "breakpoints removed")
        assert end_of(target) == (0, b"whole\n")
    finally:
        harness.drop(target)


def test_duration(attach):
    target = harness.start_waiting([harness.program_path("waiter")])
    try:
        result = harness.run(["--attach", attach, "-d", "1", "-p", str(target.pid)])
        assert result.status == 0, result.stderr
        assert result.report["duration_ns"] >= 1000000000
        assert result.report["processes"][0]["totals"]["heap"]["acquired_count"] > 0
        assert end_of(target) == (0, b"whole\n")
    finally:
        harness.drop(target)


# ---- terminals ---------------------------------------------------------------


def run_in_terminal(arguments, on_text, timeout=harness.TIMEOUT_S):
    """Runs under a terminal of its own; returns the status and all that was written."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(arguments[0], arguments, harness.environment())
    text, done = b"", False
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        try:
            if not harness.select.select([terminal], [], [], 0.5)[0]:
                continue
            piece = os.read(terminal, 65536)
        except OSError as error:
            assert error.errno == errno.EIO
            piece = b""
        if not piece:
            break
        text += piece
        if not done and on_text in text:
            os.write(terminal, b"\x03")
            done = True
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(terminal)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return (status if status >= 0 else 128 - status), harness.decode(text)


def test_ctrl_c_reaches_the_command_and_the_report_comes(attach, tmp_path):
    script = tmp_path / "script.sh"
    script.write_text("trap 'echo interrupted; exit 9' INT\n" + harness.program_path("exec_target") + "\n"
                      "echo begun\nwhile :; do sleep 0.1; done\n")
    report = tmp_path / "report.json"
    status, text = run_in_terminal([harness.LEAKTRACE, "--json", str(report), "--attach", attach, "--",
                                    "/bin/sh", str(script)], b"begun")
    assert status == 9, text
    assert "interrupted" in text
    assert "leak_target" in text
    assert harness.load_report(str(report))["verdict"]


def test_ctrl_c_kills_a_command_that_does_not_care(attach):
    status, text = run_in_terminal([harness.LEAKTRACE, "--attach", attach, "--", "/bin/sh", "-c",
                                    "echo begun; while :; do sleep 0.1; done"], b"begun")
    assert status == 128 + signal.SIGINT, text


# ---- what passes through -----------------------------------------------------


def test_bytes_pass_untouched():
    data = bytes(range(256)) * 4000
    result = harness.run([], ["/bin/cat"], input=data)
    assert result.status == 0
    assert result.stdout == data


def test_report_goes_to_stderr_of_a_command():
    result = harness.run([], [harness.program_path("basic")])
    assert result.stdout == b""
    assert "leak_small" in result.stderr


def test_report_goes_to_stdout_of_an_attachment():
    result = harness.run_attached(harness.Variant("basic", None, None, None), "auto")
    assert result.status == 0
    assert b"leak_small" in result.stdout


def test_stderr_passes():
    result = harness.run([], ["/bin/sh", "-c", "echo to-stderr >&2"])
    assert "to-stderr\n" in result.stderr


def test_working_directory(tmp_path):
    result = harness.run([], ["/bin/pwd"], cwd=str(tmp_path))
    assert result.stdout.decode().strip() == str(tmp_path)


def test_environment_passes():
    code = "import os, json; print(json.dumps(dict(os.environ)))"
    marks = {"LEAKTRACE_TEST_MARK": "a b\tc", "LD_LIBRARY_PATH": "/nowhere"}
    result = harness.run([], [PYTHON, "-c", code], env=marks)
    seen = harness.json.loads(result.stdout)
    # And how to ask leaktrace.
    assert seen.pop("LEAKTRACE_CONTROL") and seen.pop("LEAKTRACE_MARK_LIBRARY").endswith("/libleaktrace-mark.so")
    expected = harness.environment(marks)
    assert {key: value for key, value in seen.items() if key != "LC_CTYPE"} == \
        {key: value for key, value in expected.items() if key != "LC_CTYPE"}


def test_signal_dispositions_and_descriptors_pass():
    """The command sees no descriptor and no ignored or blocked signal that it would not see alone."""
    code = ("import os; print(sorted(os.listdir('/proc/self/fd'), key=int));"
            "print([l for l in open('/proc/self/status') if l.startswith(('SigIgn', 'SigBlk', 'NoNewPrivs'))])")
    alone = subprocess.run([PYTHON, "-c", code], capture_output=True, check=True, stdin=subprocess.DEVNULL,
                           env=harness.environment()).stdout
    result = harness.run([], [PYTHON, "-c", code])
    assert result.stdout == alone


@pytest.mark.parametrize("status", [0, 1, 2, 23, 125, 126, 127, 128, 200, 255])
def test_exit_status(status):
    assert harness.run([], ["/bin/sh", "-c", f"exit {status}"]).status == status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP, signal.SIGUSR1, signal.SIGPIPE])
def test_exit_by_signal(number):
    assert harness.run([], ["/bin/sh", "-c", f"kill -{int(number)} $$"]).status == 128 + number


def test_arguments_pass():
    arguments = ["", "a b", "--json", "-p", "*", "ä\n", "--"]
    code = "import sys, json; print(json.dumps(sys.argv[1:]))"
    result = harness.run([], [PYTHON, "-c", code, *arguments])
    assert harness.json.loads(result.stdout) == arguments


def test_command_is_found_in_path():
    result = harness.run([], ["exec_target"], env={"PATH": harness.PROGRAMS + ":/usr/bin:/bin"})
    assert result.status == 0
    assert result.report["processes"][-1]["comm"] == "exec_target"


# ---- trees -------------------------------------------------------------------


def by_comm(report, comm):
    return [process for process in report["processes"] if process["comm"] == comm]


def test_pipeline(attach):
    """A shell's pipeline: each program has its own books."""
    one, two = harness.program_path("exec_target"), harness.program_path("basic")
    result = harness.run(["--attach", attach], ["/bin/sh", "-c", f"{one} | {two} | cat; {one}; exit 4"])
    assert result.status == 4, result.stderr
    targets, basics = by_comm(result.report, "exec_target"), by_comm(result.report, "basic")
    assert [process["totals"]["heap"]["live_bytes"] for process in targets] == [77, 77]
    assert [process["totals"]["heap"]["live_bytes"] for process in basics] == [1080]


def test_no_follow(attach):
    result = harness.run(["--attach", attach, "--no-follow"],
                         ["/bin/sh", "-c", harness.program_path("exec_target") + "; exit 0"])
    assert result.status == 0
    assert by_comm(result.report, "exec_target") == []


def test_user(attach):
    """The command runs as the user, in all of its groups, and is traced all the same."""
    nobody = pwd.getpwnam("nobody")
    code = f"id -u; id -g; echo $HOME; exec {harness.program_path('exec_target')}"
    result = harness.run(["--attach", attach, "-u", "nobody"], ["/bin/sh", "-c", code], cwd="/")
    assert result.status == 0, result.stderr
    assert result.stdout.split()[:2] == [b"%d" % nobody.pw_uid, b"%d" % nobody.pw_gid]
    assert [process["totals"]["heap"]["live_bytes"] for process in by_comm(result.report, "exec_target")] == [77]


def test_unknown_user():
    result = harness.run(["-u", "no-such-user"], ["/bin/true"])
    assert result.status in (2, 125)
    assert "no-such-user" in result.stderr


def test_a_bystander_is_not_counted(attach):
    """Another process that uses the same libc is neither counted nor slowed into the books."""
    other = harness.start_waiting([harness.program_path("waiter")])
    try:
        result = harness.run(["--attach", attach], [harness.program_path("basic")])
        harness.check("basic", None, result, 0)
        assert other.pid not in [process["pid"] for process in result.report["processes"]]
        assert end_of(other) == (0, b"whole\n")
    finally:
        harness.drop(other)


def test_recording_gives_the_same_report(tmp_path):
    """A recording, read again by another user, says what the run said."""
    recording, again = tmp_path / "run.lt", tmp_path / "again.json"
    result = harness.run(["-o", str(recording)], [harness.program_path("basic")])
    assert result.status == 0, result.stderr
    read = subprocess.run([harness.LEAKTRACE, "report", "--top", "0", "--json", str(again), str(recording)],
                          capture_output=True, timeout=harness.TIMEOUT_S, check=False)
    assert read.returncode == 0, read.stderr
    assert b"leak_small" in read.stdout
    assert harness.load_report(str(again))["processes"] == result.report["processes"]
