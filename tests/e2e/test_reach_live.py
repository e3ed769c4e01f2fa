# SPDX-License-Identifier: GPL-2.0-or-later
"""Looks into processes that run: what is lost in them is found, they go on as if nothing
had been, and whatever ends in the middle, nobody stays stopped."""

import json
import os
import re
import signal
import subprocess
import time

import pytest

import harness
import valgrind
from test_reach_real import fixture_extension  # pylint: disable=unused-import

REPORT = re.compile(r"^leaktrace: (?=.* in [^ ]+\[\d+\])", re.MULTILINE)


def start_service(threads=1):
    return harness.start_waiting([harness.program_path("late"), str(threads), "--wait"])


def state_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0]


def await_state(pid, wanted, timeout=10):
    """A state of T among all states; "" for a process that is no more."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        try:
            state = state_of(pid)
        except (FileNotFoundError, ProcessLookupError):
            state = ""
        if state in wanted:
            return
        time.sleep(0.002)
    pytest.fail(f"process {pid} is in state {state!r} and not in {wanted}")


def functions_of(site):
    """Of what is acquired while the report is made the stack may not be there yet."""
    assert site["stack"] or site["class"] == "unclassified", site
    return [frame["function"] for frame in site["stack"]] or [None]


def lost_sites(process):
    return [site for site in harness.heap_sites(process) if site["class"] in ("definite", "indirect")]


def reports_of(stdout):
    """The reports that one run has written."""
    return REPORT.split(harness.decode(stdout))[1:]


def await_reports(tracer, count):
    """How many there are in a given time depends on the machine."""
    end = time.monotonic() + harness.TIMEOUT_S
    while time.monotonic() < end:
        with open(f"/proc/{tracer.pid}/fd/1", "rb") as output:
            if len(reports_of(output.read())) >= count:
                return
        time.sleep(0.2)


def findings_of(report):
    """The stacks of what a report calls definitely lost."""
    return [part for part in report.split("\n\n") if part.lstrip().startswith("definitely lost:")]


@pytest.mark.parametrize("threads", [1, 20])
def test_attached(threads):
    target = start_service(threads)
    try:
        def action(tracer):
            harness.begin(target)
            time.sleep(3 * harness.SLOWNESS)
            tracer.send_signal(signal.SIGINT)
        result = harness.trace(str(target.pid), ["--kinds", "heap"], action)
        process, = result.report["processes"]
        assert process["scan"]["state"] == "done" and process["scan"]["pause_ns"] > 0
        lost = sum(site["live_count"] for site in harness.heap_sites(process) if functions_of(site)[0] == "lose")
        definite = sum(site["live_count"] for site in lost_sites(process))
        assert all(functions_of(site)[0] == "lose" for site in lost_sites(process)), result.stdout
        assert lost > 50 * threads and definite > 0.8 * lost, (lost, definite)
        assert target.poll() is None and state_of(target.pid) in "SR"
    finally:
        harness.drop(target)


def test_no_scan_stops_nothing():
    target = start_service()
    try:
        def action(tracer):
            harness.begin(target)
            tracer.send_signal(signal.SIGUSR1)
            time.sleep(0.3)
            tracer.send_signal(signal.SIGINT)
        result = harness.trace(str(target.pid), ["--no-scan"], action)
        process, = result.report["processes"]
        assert process["scan"]["state"] == "none" and len(reports_of(result.stdout)) == 1
        assert all(site["class"] == "unclassified" for site in process["sites"])
    finally:
        harness.drop(target)


def test_asked_for_by_signal():
    target = start_service()
    try:
        def action(tracer):
            harness.begin(target)
            for _ in range(2):
                time.sleep(1)
                tracer.send_signal(signal.SIGUSR1)
            time.sleep(1)
            tracer.send_signal(signal.SIGINT)
        reports = reports_of(harness.trace(str(target.pid), ["--kinds", "heap"], action).stdout)
        assert len(reports) == 3
        for report in reports:
            assert findings_of(report) and all("lose+" in finding for finding in findings_of(report)), report
    finally:
        harness.drop(target)


def test_too_long_a_pause():
    target = start_service()
    try:
        def action(tracer):
            harness.begin(target)
            time.sleep(0.5)
            tracer.send_signal(signal.SIGINT)
        result = harness.trace(str(target.pid), ["--max-pause", "0.000001"], action)
        process, = result.report["processes"]
        assert process["scan"]["state"] == "failed" and "--max-pause" in process["scan"]["reason"]
        assert "what is lost is not known" in harness.decode(result.stdout)
        assert state_of(target.pid) in "SR"
    finally:
        harness.drop(target)


def test_stopped_by_another():
    """Who is stopped before the look is stopped after it."""
    target = start_service()
    try:
        def action(tracer):
            harness.begin(target)
            time.sleep(1)
            os.kill(target.pid, signal.SIGSTOP)
            await_state(target.pid, "T")
            tracer.send_signal(signal.SIGINT)
        result = harness.trace(str(target.pid), ["--kinds", "heap"], action)
        assert result.report["processes"][0]["scan"]["state"] == "done"
        assert state_of(target.pid) == "T"
    finally:
        os.kill(target.pid, signal.SIGCONT)
        harness.drop(target)


def test_two_look_at_once():
    """Neither lets it go on while the other one reads."""
    target = harness.start_waiting([harness.program_path("moving"), "--wait"])
    options = ["--kinds", "heap", "--scan-every", "20ms"]
    results = []

    def look(first, second):
        harness.begin(target)
        for tracer in (first, second):
            await_reports(tracer, 30)
        second.send_signal(signal.SIGINT)

    def look_beside(first):
        results.append(harness.trace(str(target.pid), options, lambda second: look(first, second)))
        first.send_signal(signal.SIGINT)
    try:
        results.append(harness.trace(str(target.pid), options, look_beside))
        for result in results:
            assert len(reports_of(result.stdout)) > 30
            assert not findings_of(harness.decode(result.stdout)), result.stdout[-3000:]
        assert target.poll() is None
        await_state(target.pid, "RS")
    finally:
        harness.drop(target)


@pytest.mark.parametrize("pause_s", [0.05, 0.001])
def test_continued_by_another(pause_s):
    """What was read of a process that went on meanwhile is nothing: it is read again, or said to be in vain."""
    target = harness.start_waiting([harness.program_path("moving"), "--wait"])

    def action(tracer):
        harness.begin(target)
        end = time.monotonic() + 3
        while time.monotonic() < end:
            os.kill(target.pid, signal.SIGCONT)
            time.sleep(pause_s)
        await_reports(tracer, 10)
        tracer.send_signal(signal.SIGINT)
    try:
        result = harness.trace(str(target.pid), ["-v", "--kinds", "heap", "--scan-every", "20ms"], action)
        text = harness.decode(result.stdout)
        assert not findings_of(text), text[-3000:]
        assert "still reachable" in text and "--max-pause" not in result.stderr, result.stderr[-3000:]
        assert pause_s > 0.01 or "somebody let it go on" in result.stderr
        assert result.report["processes"][0]["scan"]["state"] == "done"
    finally:
        harness.drop(target)


# ---- ends in the middle ------------------------------------------------------------------


@pytest.fixture(name="parked")
def fixture_parked(tmp_path):
    """A command that waits at its end for a leaktrace that is stopped."""
    report = str(tmp_path / "report.json")
    tracer = harness.start([harness.LEAKTRACE, "--json", report, "--kinds", "heap", "--", harness.program_path("late"), "1",
                            "--wait"], stdin=subprocess.PIPE)
    try:
        harness.await_line(tracer, b"ready\n")
        tracer.stdin.write(b"\n")
        tracer.stdin.flush()
        time.sleep(0.3)
        child = child_of(tracer.pid, "late")
        os.kill(tracer.pid, signal.SIGSTOP)
        tracer.stdin.close()
        await_state(child, "T")
        yield tracer, child, report
    finally:
        tracer.send_signal(signal.SIGCONT)
        tracer.stdin = None
        harness.end_group(tracer)


def comm_of(pid):
    with open(f"/proc/{pid}/comm", encoding="utf-8") as file:
        return file.read().strip()


def child_of(pid, name):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        child, = [int(child) for child in file.read().split() if comm_of(child) == name]
    return child


def test_leaktrace_killed(parked):
    tracer, child, _ = parked
    tracer.kill()
    await_state(child, ("Z", ""), 5)


def test_one_of_two_killed(tmp_path):
    """What the watchdog of one leaktrace finds stopped, another one may hold as well."""
    report = str(tmp_path / "report.json")
    outer = harness.start([harness.LEAKTRACE, "--json", report, "--kinds", "heap", "--", harness.LEAKTRACE, "--kinds", "heap", "--",
                           harness.program_path("late"), "1", "--wait"], stdin=subprocess.PIPE)
    stopped = [outer.pid]
    try:
        harness.await_line(outer, b"ready\n")
        outer.stdin.write(b"\n")
        outer.stdin.flush()
        inner = child_of(outer.pid, "leaktrace")
        child = child_of(inner, "late")
        stopped.append(inner)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
            await_state(pid, "T")
        outer.stdin.close()
        await_state(child, "T")
        os.kill(inner, signal.SIGKILL)
        await_state(inner, ("Z", ""))
        time.sleep(2)
        assert state_of(child) == "T"
        os.kill(outer.pid, signal.SIGCONT)
        assert outer.wait(harness.TIMEOUT_S) == 128 + signal.SIGKILL
        with open(report, encoding="utf-8") as file:
            late, = [process for process in json.load(file)["processes"] if process["comm"] == "late"]
        assert late["scan"]["state"] == "done" and late["exit"] == {"status": 0}
    finally:
        outer.send_signal(signal.SIGCONT)
        outer.stdin = None
        harness.end_group(outer)


def test_target_killed(parked):
    tracer, child, report = parked
    os.kill(child, signal.SIGKILL)
    os.kill(tracer.pid, signal.SIGCONT)
    assert tracer.wait(harness.TIMEOUT_S) == 128 + signal.SIGKILL
    with open(report, encoding="utf-8") as file:
        process, = harness.select_processes(json.load(file), "root")
    assert process["exit"] == {"signal": signal.SIGKILL} and process["scan"]["state"] == "failed"


def test_parked_goes_on(parked):
    tracer, _, report = parked
    os.kill(tracer.pid, signal.SIGCONT)
    assert tracer.wait(harness.TIMEOUT_S) == 0
    with open(report, encoding="utf-8") as file:
        process, = harness.select_processes(json.load(file), "root")
    assert process["scan"]["state"] == "done" and lost_sites(process)


def test_killed_at_random():
    """leaktrace is killed while it looks again and again."""
    for attempt in range(6):
        target = start_service(8)
        try:
            tracer = harness.start([harness.LEAKTRACE, "--kinds", "heap", "--scan-every", "5ms", "-p", str(target.pid)],
                                   stdout=subprocess.DEVNULL)
            harness.await_attached(tracer)
            harness.begin(target)
            time.sleep(0.2 + 0.013 * attempt)
            tracer.kill()
            tracer.wait()
            tracer.stderr.close()
            time.sleep(0.2)
            await_state(target.pid, "SR", 5)
            assert target.poll() is None
        finally:
            harness.drop(target)


@pytest.mark.parametrize("cause,command,status", [
    ("killed by a signal", ["/bin/sh", "-c", "kill -9 $$"], 128 + 9),
    ("_exit()", ["/usr/bin/python3", "-c", "import ctypes; ctypes.CDLL(None).syscall(231, 5)"], 5),
])
def test_not_looked_into(cause, command, status):
    """The report says why no class is known."""
    result = harness.run(["--kinds", "heap"], command)
    process, = harness.select_processes(result.report, "root")
    assert result.status == status and cause in process["scan"]["reason"]
    assert cause in result.stderr


def test_parent_sees_no_stop():
    """A shell that waits for its children gets their statuses, each at once."""
    script = "for i in 1 2 3; do (exit $i); echo $?; done; sh -c 'exit 7' & wait $!; echo $?"
    result = harness.run(["--kinds", "heap"], ["/bin/sh", "-c", script])
    assert result.status == 0 and result.stdout == b"1\n2\n3\n7\n"


# ---- other places -------------------------------------------------------------------------


def test_container():
    """Namespaces of its own, no capability: the target has no right to trace anything."""
    inside = f"exec {harness.program_path('late')} 1 --wait"
    command = ["unshare", "--pid", "--fork", "--mount-proc", "--kill-child", "setpriv", "--no-new-privs", "--bounding-set=-all",
               "--inh-caps=-all", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-c", inside]
    target = harness.start_waiting(command)
    try:
        pid = int(subprocess.run(["ps", "-o", "pid=", "--ppid", str(target.pid)], capture_output=True, check=True).stdout)

        def action(tracer):
            harness.begin(target)
            time.sleep(2)
            tracer.send_signal(signal.SIGINT)
        result = harness.trace(str(pid), ["--kinds", "heap"], action)
        process, = result.report["processes"]
        assert process["scan"]["state"] == "done", process["scan"]
        assert lost_sites(process) and all(functions_of(site)[0] == "lose" for site in lost_sites(process))
    finally:
        harness.drop(target)


def test_without_the_right_to_trace():
    """Without CAP_SYS_PTRACE, and memory read by a program, which asks for no right of ptrace(2)."""
    with harness.Scratch() as report:
        command = [harness.LEAKTRACE, "--json", report, "--kinds", "heap", "--scan-way", "program", "--",
                   harness.program_path("reach"), "keep_and_lose"]
        drop = ["capsh", "--drop=cap_sys_ptrace", "--", "-c", " ".join(command)]
        status, _, stderr = harness.finish(harness.start(drop))
        assert status == 0, stderr
        process, = harness.select_processes(harness.load_report(report), "root")
        assert [site["live_bytes"] for site in lost_sites(process)] == [62]


def test_handles_of_a_kind(tmp_path):
    """A handle that no memory holds is lost: whether it is a block's address or nobody's."""
    source = tmp_path / "handles.c"
    source.write_text("""
#include <stdlib.h>
#include <string.h>
char pool[64];
void *kept[2];
__attribute__((noinline)) void *open_thing(int i) { __asm__(""); return pool + 16 * i; }
__attribute__((noinline)) void close_thing(void *thing) { __asm__("" : : "r"(thing)); }
__attribute__((noinline)) void *open_block(void) { __asm__(""); return calloc(1, 40); }
int main(void)
{
	kept[0] = open_thing(1);
	open_thing(2);
	close_thing(open_thing(3));
	kept[1] = open_block();
	open_block();
	return 0;
}
""")
    kinds = tmp_path / "things.res"
    kinds.write_text("kind thing\nacquire open_thing handle=return\nacquire open_block handle=return\n"
                     "release close_thing handle=arg1\n")
    program = str(tmp_path / "handles")
    subprocess.run(["gcc", "-O1", "-g", "-fno-optimize-sibling-calls", "-o", program, str(source)], check=True)
    result = harness.run(["--kinds", "heap", "--resource", str(kinds)], [program])
    process, = harness.select_processes(result.report, "root")
    found = sorted((site["class"], site["live_count"], functions_of(site)[0]) for site in process["sites"]
                   if site["kind"] == "thing")
    assert found == [("definite", 1, "main")] * 2 + [("reachable", 1, "main")] * 2


def test_reserved_memory(tmp_path):
    """Memory that was never touched is not read: there may be more of it than time."""
    source = tmp_path / "reserved.c"
    source.write_text("""
#include <stdlib.h>
#include <sys/mman.h>
int main(void)
{
	char *memory = mmap(0, 64UL << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (memory == MAP_FAILED)
		return 1;
	*(void *volatile *)(memory + (40UL << 30)) = malloc(100);
	*(void *volatile *)(memory + (41UL << 30)) = malloc(101);
	*(void *volatile *)(memory + (41UL << 30)) = 0;
	return 0;
}
""")
    program = str(tmp_path / "reserved")
    subprocess.run(["gcc", "-O1", "-fno-builtin", "-o", program, str(source)], check=True)
    result = harness.run(["--kinds", "heap"], [program])
    process, = harness.select_processes(result.report, "root")
    assert process["scan"]["state"] == "done" and process["scan"]["bytes"] < 64 << 20, process["scan"]
    assert sorted((site["class"], site["live_bytes"]) for site in harness.heap_sites(process)) == [
        ("definite", 101), ("reachable", 100)]


# ---- real services ------------------------------------------------------------------------


LEAKS = 1000


def free_port():
    import socket  # pylint: disable=import-outside-toplevel
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def test_redis(tmp_path):
    """100 looks under load: what it leaks on demand is found, nothing else is called lost."""
    port = str(free_port())
    server = harness.start([valgrind.tool("redis-server"), "--port", port, "--save", "", "--appendonly", "no",
                            "--enable-debug-command", "yes", "--dir", str(tmp_path)], stdout=subprocess.DEVNULL)
    client = [valgrind.tool("redis-cli"), "-p", port]
    load = None
    try:
        for _ in range(200):
            if subprocess.run([*client, "ping"], capture_output=True, check=False).stdout == b"PONG\n":
                break
            time.sleep(0.05)
        load = harness.start([valgrind.tool("redis-benchmark"), "-p", port, "-n", "100000", "-l", "-c", "30", "-r", "10000", "-q",
                              "-t", "set,get,lpush,hset,zadd"])

        def action(tracer):
            leaks = "".join(f"debug leak {'x' * 2000}\n" for _ in range(LEAKS))
            subprocess.run(client, input=leaks.encode(), capture_output=True, check=True)
            await_reports(tracer, 100)
            tracer.send_signal(signal.SIGINT)
        result = harness.trace(str(server.pid), ["--kinds", "heap", "--scan-every", "100ms", "--show-kinds", "definite"], action)
        reports = reports_of(result.stdout)
        assert len(reports) >= 100
        for report in reports:
            for finding in findings_of(report):
                assert "debugCommand+" in finding, finding
        process, = result.report["processes"]
        # jemalloc's own books point to the first block of each of its slabs, here of two.
        assert sum(site["live_count"] for site in lost_sites(process)) > 0.4 * LEAKS
        assert subprocess.run([*client, "ping"], capture_output=True, check=True).stdout == b"PONG\n"
        assert load.poll() is None, "the load ended with an error"
    finally:
        if load:
            harness.drop(load)
        harness.drop(server)


def test_python(extension):
    script = ("import leaky, json, time\nprint('ready', flush=True)\ninput()\nkept = {}\n"
              "for i in range(10**9):\n    kept[i % 500] = json.loads(json.dumps({'a': list(range(i % 40)), 'b': str(i)}))\n"
              "    if i % 100 == 0: leaky.lose_bytes()\n    if i % 1000 == 0: time.sleep(0.01)\n")
    env = {"PYTHONMALLOC": "malloc", "PYTHONPATH": extension}
    target = harness.start_waiting(["/usr/bin/python3", "-c", script], env)
    try:
        def action(tracer):
            harness.begin(target)
            await_reports(tracer, 20)
            tracer.send_signal(signal.SIGINT)
        result = harness.trace(str(target.pid), ["--kinds", "heap", "--scan-every", "200ms", "--show-kinds", "definite"], action)
        reports = reports_of(result.stdout)
        assert len(reports) >= 20
        for report in reports:
            for finding in findings_of(report):
                assert "lose_bytes+" in finding, finding
        process, = result.report["processes"]
        lost = sum(site["live_count"] for site in harness.heap_sites(process) if "lose_bytes" in functions_of(site))
        definite = sum(site["live_count"] for site in lost_sites(process))
        assert definite > 0.8 * lost > 8, (definite, lost)
        assert target.poll() is None and state_of(target.pid) in "SR"
    finally:
        harness.drop(target)
