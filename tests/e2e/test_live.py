# SPDX-License-Identifier: GPL-2.0-or-later
"""The live view in a real terminal, the growth log, and pages: on a program that leaks at a
known rate."""

import glob
import json
import os
import re
import signal
import subprocess
import time

import pytest

import harness
from screen import PRESS, WHEEL_DOWN, WHEEL_UP, Screen, masked, number, table, watched_seconds

GROW = os.path.join(harness.PROGRAMS, "grow")
RATE, BYTES = 100, 1000
SIZES = [(80, 24), (200, 60)]


@pytest.fixture
def grow():
    """Starts `grow` with further arguments; ends what it started."""
    started = []

    def begin(*what, rate=RATE, size=BYTES):
        process = harness.start([GROW, str(rate), str(size), str(120 * harness.SLOWNESS), *what])
        started.append(process)
        return process

    yield begin
    for process in started:
        harness.drop(process)


def live(*options):
    return [harness.LEAKTRACE, "--live", *options]


def function_of(row):
    return row.get("CALLED BY", "")


def settled(screen, seconds=11):
    """Watched long enough for the window to be full."""
    return screen.wait(lambda lines: watched_seconds(lines) >= seconds and table(lines), "a full window", 30 * harness.SLOWNESS)


def quit_and_read(screen):
    screen.keys("q")
    assert screen.status() == 0
    return screen.text("-S", "-")


# ---- what is shown ---------------------------------------------------------------------------


def check_golden(name, shot):
    path = os.path.join(harness.ROOT, "tests", "golden", name)
    text = "\n".join(shot).rstrip() + "\n"
    if os.environ.get("LEAKTRACE_UPDATE_GOLDEN"):
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    with open(path, encoding="utf-8") as file:
        assert text == file.read(), name


@pytest.mark.parametrize("columns, rows", SIZES)
def test_screens(grow, columns, rows):
    """The growth is true and the leak is first; captures, with the moving digits masked, are what
    they were."""
    target = grow()
    with Screen(live("-p", str(target.pid)), columns, rows) as screen:
        settled(screen)
        lines = screen.wait(lambda lines: lines[1].startswith("heap growing"), "a trend")
        first = table(lines)[0]
        assert first["KIND"] == "heap" and function_of(first) == "leak_block"
        assert number(first["GROWTH/s"]) == pytest.approx(RATE * BYTES, rel=0.05)
        assert number(first["GOT/s"]) == pytest.approx(RATE, rel=0.05)
        assert first["FREED/s"] == "0" and first["KEPT"] == "100%"
        by_name = {function_of(row): row for row in table(lines)}
        assert by_name["churn"]["KEPT"] == "0%"
        assert lines[0].startswith(f"leaktrace  grow[{target.pid}]  up ")
        assert lines[1].startswith("heap growing +6.0 MB/min for 1") and "(linear)" in lines[1]
        assert re.match(r"tracing every allocation: [\d.]+K? events/s, about \d+\.\d% of a CPU", lines[2])
        assert re.search(r"\033\[[\d;]*(3[0-7]|4[0-7])m", screen.text("-e")), "no colour"
        shots = {"table": masked(lines[:10]) + sorted(masked(lines[10:12])) + masked(lines[-2:])}
        screen.keys("Enter")
        shots["detail"] = masked(screen.wait_for("LATEST"))
        # Its bars and addresses are as they come: what they stand beside is compared.
        shots["detail"] = [re.sub(r"(LATEST).*", r"\1", re.sub(r" [#~ ]*$", "", line)) for line in shots["detail"]]
        screen.keys("Escape")
        screen.wait_for("CALLED BY")
        screen.keys("?")
        shots["help"] = screen.wait_for("this help")
    for name, shot in shots.items():
        check_golden(f"screen_{name}_{columns}x{rows}.txt", shot)


def test_descriptors_and_threads_grow(grow):
    target = grow("fd", "thread")
    with Screen(live("-p", str(target.pid)), 160, 40) as screen:
        lines = settled(screen)
        assert function_of(table(lines)[0]) == "leak_block"
        by_name = {(row["KIND"], function_of(row)): row for row in table(lines)}
        assert number(by_name["fd", "leak_fd"]["GROWTH/s"]) == pytest.approx(1, abs=0.11)
        threads = [row for row in table(lines) if row["KIND"] == "thread"]
        assert [function_of(row) for row in threads] == ["leak_thread"]
        assert number(threads[0]["GROWTH/s"]) == pytest.approx(1, abs=0.11)
        assert "; fd +60/min; threads +60/min" in lines[1]


# ---- keys ------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns, rows", SIZES)
def test_keys(grow, columns, rows):
    target = grow("fd", "thread")
    with Screen(live("-p", str(target.pid), "-i", "0.5"), columns, rows) as screen:
        settled(screen, 3)

        screen.keys("3")
        screen.wait(lambda lines: [row["KIND"] for row in table(lines)] == ["fd"], "descriptors alone")
        screen.keys("4")
        screen.wait(lambda lines: {row["KIND"] for row in table(lines)} == {"fd", "thread"}, "and threads")
        screen.keys("2")
        screen.keys("0")
        screen.wait(lambda lines: "heap" in {row["KIND"] for row in table(lines)}, "all kinds")

        screen.keys("/")
        screen.type("LEAK_f")
        screen.wait_for("filter: LEAK_f")
        screen.wait(lambda lines: {function_of(row) for row in table(lines)} == {"leak_fd"}, "what passes the filter")
        screen.keys("Enter")
        screen.wait_for("? help")
        screen.keys("Escape")
        screen.wait(lambda lines: len(table(lines)) > 3, "no filter")

        screen.keys("g")
        growing = screen.wait(lambda lines: table(lines) and all(number(row["GROWTH/s"]) > 0 for row in table(lines)),
                              "only what grows")
        assert "leak_block" in {function_of(row) for row in table(growing)}
        screen.keys("g")

        for name in ("function", "module", "thread"):
            screen.keys("G")
            screen.wait(lambda lines, name=name: any(re.match(f"KIND.* {name}", line) for line in lines), name)
        screen.wait(lambda lines: any(re.match(r"heap .* main", line) for line in lines), "what main's thread has")
        screen.keys("G")
        screen.wait_for("CALLED BY")

        # The next column to the right of the growth: live bytes; then back, and reversed.
        screen.keys(">", "R")
        screen.wait(lambda lines: function_of(table(lines)[-1]) == "leak_block", "least bytes first")
        screen.keys("I", "<")
        screen.wait(lambda lines: function_of(table(lines)[0]) == "leak_block", "growth again")

        screen.keys("m")
        screen.wait_for("marked")
        if columns >= 100:
            screen.wait(lambda lines: 0 < number(table(lines)[0]["CHANGE"]) < 3 * RATE * BYTES, "change since the mark")
        screen.keys("M")
        screen.wait(lambda lines: "marked" not in lines[0], "no mark")

        screen.keys("Space")
        paused = screen.wait_for("PAUSED")
        time.sleep(1.5)
        assert screen.lines() == paused
        # Keys go on.
        screen.keys("?")
        screen.wait_for("this help")
        screen.keys("q")
        screen.keys("Space")
        screen.wait(lambda lines: "PAUSED" not in lines[0] and "leaktrace  grow" in lines[0], "not paused")

        screen.keys("Down", "Down", "k", "Up", "End", "Home", "Enter")
        detail = screen.wait_for("LATEST")
        assert detail[0].startswith("leaktrace  leak_block")
        text = "\n".join(detail)
        for part in ("AGE", "SIZE", "STACK", "live, ", "main", "grow.c", "< 1Ki", "0x"):
            assert part in text, part
        assert re.search("[▁▂▃▄▅▆▇█]", text)
        screen.keys("Escape")
        screen.wait_for("CALLED BY")

        screen.keys("s")
        said = screen.wait_for("written: leaktrace-")
        name = re.search(r"written: (\S+)", "\n".join(said))[1]
        report = subprocess.run([harness.LEAKTRACE, "report", os.path.join(screen.folder, name)],
                                capture_output=True, check=True)
        assert b"leak_block" in report.stdout

        screen.keys("e")
        screen.wait_for("e has a meaning with --events pages")
        screen.keys("o")
        screen.wait_for("no output of a command")

        text = quit_and_read(screen)
        assert f"in grow[{target.pid}] (still running)" in text.replace("\n", "")
        assert "leak_block+0x" in text
    assert target.poll() is None


def test_look_into_memory(grow):
    """r: what is lost, by its class, in a line; the process goes on."""
    target = grow()
    with Screen(live("-p", str(target.pid)), 200, 60) as screen:
        screen.wait(table, "rows")
        screen.keys("r")
        lines = screen.wait(lambda lines: any("definitely" in line for line in lines), "what is lost")
        said = next(line for line in lines if "definitely" in line)
        assert re.search(r"lost: \S+ \S+ in [\d,]+ blocks? definitely, .* possibly", said), said
        assert target.poll() is None
        quit_and_read(screen)


def test_mouse(grow):
    target = grow("fd", "thread")
    with Screen(live("-p", str(target.pid)), 100, 30) as screen:
        lines = settled(screen, 3)
        head = next(index for index, line in enumerate(lines) if line.startswith("KIND"))
        screen.mouse(PRESS, lines[head].index("LIVE") + 1, head)
        screen.mouse(PRESS, lines[head].index("LIVE") + 1, head)
        # Sorted by live bytes, then the other way round.
        screen.wait(lambda lines: function_of(table(lines)[-1]) == "leak_block", "least bytes first")
        for _ in range(4):
            screen.mouse(WHEEL_DOWN, 10, head + 2)
        screen.mouse(WHEEL_UP, 10, head + 2)
        # Call sites may be new, and come before it.
        last = [function_of(row) for row in table(screen.lines())].index("leak_block")
        screen.mouse(PRESS, 10, head + 1 + last)
        time.sleep(0.3)
        screen.mouse(PRESS, 10, head + 1 + last)
        screen.wait(lambda lines: lines[0].startswith("leaktrace  leak_block"), "the row that was clicked twice")


def test_resize(grow):
    target = grow()
    with Screen(live("-p", str(target.pid)), 80, 24) as screen:
        lines = settled(screen, 3)
        assert not any("MODULE" in line for line in lines)
        screen.resize(160, 50)
        lines = screen.wait_for("MODULE", 5)
        assert len(lines) >= 50 and "q quit" in "".join(lines[45:])
        screen.resize(35, 8)
        screen.wait_for("leaktrace needs 40x10", 5)
        screen.resize(60, 12)
        screen.wait_for("leak_bloc", 5)
        quit_and_read(screen)


def test_ascii_and_no_colour(grow):
    target = grow()
    with Screen(live("-p", str(target.pid)), env={"LC_ALL": "C", "NO_COLOR": "1"}) as screen:
        settled(screen, 3)
        text = screen.text("-e")
        assert text.isascii()
        assert not re.search(r"\033\[[\d;]*(3[0-7]|4[0-7])m", text)
        assert "\033[7m" in text


def test_losses_cannot_be_missed(grow):
    target = grow(rate=1000)
    with Screen(live("--max-live", "100", "-p", str(target.pid))) as screen:
        screen.wait_for("LOST  ")
        line = next(line for line in screen.lines("-e") if "LOST" in line)
        assert re.search(r"\d+ acquisitions not tracked", line)
        assert re.search(r"\033\[[\d;]*41", line), "not on red"


def test_interrupt(grow):
    """Ctrl-C is as good as q; the terminal is as it was."""
    target = grow()
    with Screen(live("-p", str(target.pid))) as screen:
        settled(screen, 3)
        screen.keys("C-c")
        assert screen.status() == 0
        assert "leak_block+0x" in screen.text("-S", "-")
        assert "q quit" not in screen.text()


def test_messages_do_not_tear_the_screen():
    """What is said meanwhile stands in the last line, and on standard error when it ends."""
    script = f"{GROW} 1 10 6 & exec true"
    with Screen(live("--", "sh", "-c", f"'{script}'")) as screen:
        lines = screen.wait_for("the command has ended; processes that it left behind")
        assert "the command has ended" in lines[-1] or "the command has ended" in lines[-2]
        assert lines[0].startswith("leaktrace  ")
        screen.keys("q")
        screen.status()
        assert "leaktrace: the command has ended; processes" in screen.text("-S", "-")


def test_several_processes(grow):
    first, second = grow(), grow(rate=10)
    with Screen(live("-p", f"{first.pid},{second.pid}")) as screen:
        lines = settled(screen)
        assert lines[0].startswith("leaktrace  2 processes")
        # The same place in both: one row.
        assert [function_of(row) for row in table(lines)].count("leak_block") == 1
        assert number(table(lines)[0]["GROWTH/s"]) == pytest.approx((RATE + 10) * BYTES, rel=0.05)
        screen.keys("Tab")
        screen.wait(lambda lines: lines[0].startswith(f"leaktrace  grow[{first.pid}]"), "the first alone")
        screen.keys("Tab")
        lines = screen.wait(lambda lines: lines[0].startswith(f"leaktrace  grow[{second.pid}]"), "the second alone")
        assert number(table(lines)[0]["GROWTH/s"]) == pytest.approx(10 * BYTES, rel=0.06)
        screen.keys("Tab")
        screen.wait_for("2 processes")
        os.kill(second.pid, signal.SIGKILL)
        screen.wait(lambda lines: lines[0].startswith(f"leaktrace  grow[{first.pid}]"), "what is left")
        os.kill(first.pid, signal.SIGKILL)
        # With the last one it ends, and reports.
        assert screen.status() == 0
        assert "leak_block+0x" in screen.text("-S", "-")


# ---- with a command --------------------------------------------------------------------------


def test_command_in_a_pane():
    with Screen(live("--", GROW, "100", "1000", "7", "talk")) as screen:
        lines = screen.wait_for("second 3 of talking")
        assert any("OUTPUT OF THE COMMAND" in line for line in lines)
        assert any(line.startswith("leaktrace  grow[") for line in lines)
        screen.keys("o")
        screen.wait(lambda lines: not any("OUTPUT" in line for line in lines), "no pane")
        screen.keys("o")
        screen.wait_for("OUTPUT OF THE COMMAND")
        assert screen.status() == 0
        text = screen.text("-S", "-")
        assert "second 6 of talking" in text and "leak_block+0x" in text
        assert "OUTPUT OF THE COMMAND" not in text


def test_command_to_a_file(tmp_path):
    path = tmp_path / "output"
    with Screen(live("--output-of-command", str(path), "--", GROW, "100", "1000", "5", "talk")) as screen:
        lines = settled(screen, 3)
        assert "talking" not in "".join(lines)
        assert screen.status() == 0
        assert "talking" not in screen.text("-S", "-")
    assert b"second 4\x1b[0m of talking" in path.read_bytes()


def test_kinds_that_are_not_asked_for_are_not_shown():
    """The look into memory needs mappings and threads; who asked for the heap sees the heap."""
    with Screen(live("--kinds", "heap", "--", GROW, "100", "1000", "7", "thread")) as screen:
        lines = settled(screen, 3)
        assert {row["KIND"] for row in table(lines)} == {"heap"}
        screen.keys("q", "q")
        screen.status()


def test_quitting_ends_the_command():
    with Screen(live("--", GROW, "100", "1000", "60")) as screen:
        settled(screen, 2)
        screen.keys("q")
        assert screen.status() == 128 + signal.SIGTERM
        assert "ended by signal 15" in screen.text("-S", "-").replace("\n", "") or "SIGTERM" in screen.text("-S", "-")


def test_command_that_cannot_be_run():
    with Screen(live("--", "/nowhere/nothing")) as screen:
        assert screen.status() == 127
        assert "cannot run /nowhere/nothing" in screen.text()


# ---- without a terminal ----------------------------------------------------------------------


LOG = re.compile(rb"\[ +(\d+)s\] RSS .*  heap (\S+ \w+) \(\+(\S+ ?\w*)(, \+[\d.]+%)?\)  mapped 0 bytes \(\+0\)  "
                 rb"fd (\d+) \(\+0\)  threads 1 \(\+0\)$")


def test_live_without_a_terminal(grow):
    target = grow()
    result = harness.run(["--live", "-i", "1", "-d", "2.5", "-p", str(target.pid)])
    assert result.status == 0
    assert [LOG.match(line) is not None for line in result.stdout.split(b"\n")[:3]] == [True] * 3


def test_growth_log(grow):
    target = grow()
    result = harness.run(["--growth", "-i", "2", "-d", "14", "-p", str(target.pid)])
    lines = result.stdout.split(b"\n")
    matches = [LOG.match(line) for line in lines]
    times = [int(match[1]) for match in matches if match]
    assert result.status == 0
    # The first sample comes when attaching is done, the others by the clock; seconds are rounded.
    assert len(times) >= 6 and 7 <= times[5] - times[1] <= 9, times
    changes = [match[3] for match in matches if match and match[3] != b"0"]
    assert len(changes) >= 5
    for change in changes[1:]:
        kilobytes = float(change.split()[0])
        assert change.endswith(b"KB") and kilobytes == pytest.approx(2 * RATE * BYTES / 1000, rel=0.05)
    assert re.search(rb"\nheap +\S+ KB -> 1\.\d MB \(.*\) (growing \+\S+ MB/min for .*|warming up)\n", result.stdout)
    assert b"leak_block" in result.stdout


def test_growth_log_of_a_command():
    result = harness.run(["--growth", "-i", "1"], [GROW, "100", "1000", "4"])
    assert result.status == 0
    assert len(re.findall(r"(?m)^\[ +\ds\] RSS .*heap ", result.stderr)) >= 3
    assert result.stdout == b""


# ---- pages -----------------------------------------------------------------------------------


def names(site):
    return [frame.get("function") for frame in site["stack"]]


def test_pages_find_the_leak(grow):
    """Without a probe in an allocator the leaking stack is among the first three."""
    target = grow("busy", "fd", rate=500)
    result = harness.run(["--events", "pages", "-d", "6", "-p", str(target.pid)])
    process = result.report["processes"][0]
    sites = sorted((site for site in process["sites"] if site["kind"] == "pages"),
                   key=lambda site: -site["live_bytes"])
    assert result.status == 0
    assert any("leak_block" in names(site) for site in sites[:3])
    total = process["totals"]["pages"]["live_bytes"]
    # 3 MB in six seconds, with what malloc puts around a block; no less than three quarters of it.
    assert total > 0.75 * 500 * BYTES * 6
    assert process["totals"].get("heap", {}).get("acquired_count", 0) == 0
    assert process["totals"]["fd"]["live_count"] >= 5
    assert b"first touched" in result.stdout


def test_pages_are_given_back():
    """What is unmapped, discarded, moved: the books hold what the process has."""
    result = harness.run(["--events", "pages"], [harness.program_path("pages")])
    process = result.report["processes"][-1]
    live_pages = {}
    for site in process["sites"]:
        if site["kind"] == "pages":
            for function in names(site):
                live_pages[function] = live_pages.get(function, 0) + site["live_count"]
    assert result.status == 0
    assert live_pages.get("keep") == 100
    assert live_pages.get("unmap", 0) == 0
    assert live_pages.get("unmap_half") == 50
    assert live_pages.get("discard", 0) == 0
    assert live_pages.get("move") == 100
    assert live_pages.get("fail_to_unmap") == 20
    assert live_pages.get("shrink_break", 0) == 0


def test_many_pages_are_sampled():
    """A program that touches far more pages than a hundredth of a CPU pays for: a share of them
    is looked at, and stands for all."""
    result = harness.run(["--events", "pages"], [harness.program_path("pages"), "many"])
    process = result.report["processes"][-1]
    sites = [site for site in process["sites"] if site["kind"] == "pages" and "touch_many" in names(site)]
    pages = sum(site["live_bytes"] for site in sites) / 4096
    resources = sum(len(site["resources"]) for site in sites)
    assert pages == pytest.approx(100000, rel=0.25)
    assert process["totals"]["pages"]["live_count"] < 60000 and resources
    assert not any(result.report["losses"].get(name) for name in harness.LOSSES_SPOILING)


def test_huge_pages_count_whole():
    """One fault brings 2 MB."""
    result = harness.run(["--events", "pages"], [harness.program_path("pages"), "huge"])
    process = result.report["processes"][-1]
    sites = [site for site in process["sites"] if site["kind"] == "pages" and "touch" in names(site)]
    assert sum(site["live_bytes"] for site in sites) == 16 * (2 << 20)
    assert int(result.stdout) == pytest.approx(16 * 2048, rel=0.05)
    # As few events as there were huge pages, where the kernel had them.
    assert sum(site["live_count"] for site in sites) in (16, 16 * 512)


def test_exact_on_demand(grow):
    target = grow(rate=1000)
    with Screen(live("--events", "pages", "-p", str(target.pid)), 100, 30) as screen:
        lines = settled(screen, 3)
        assert "tracing pages first touched" in lines[2]
        assert {row["KIND"] for row in table(lines)} == {"pages"}
        assert function_of(table(lines)[0]) == "leak_block"
        assert any("touched" in line for line in lines[3:8])
        screen.keys("e")
        screen.wait_for("every allocation from now on")

        def exact(lines):
            rows = [row for row in table(lines) if row["KIND"] == "heap" and function_of(row) == "leak_block"]
            return rows and number(rows[0]["GROWTH/s"]) == pytest.approx(1000 * BYTES, rel=0.05)

        lines = screen.wait(exact, "exact growth")
        assert "tracing every allocation" in lines[2]
        assert {"heap", "pages"} <= {row["KIND"] for row in table(lines)}
        screen.keys("e")
        screen.wait(lambda lines: {row["KIND"] for row in table(lines)} == {"pages"}, "pages alone")
        text = quit_and_read(screen)
        assert "first touched" in text and "allocations" not in text


def test_exact_on_demand_with_a_command():
    with Screen(live("--events", "pages", "--", GROW, "1000", "1000", "60"), 100, 30) as screen:
        settled(screen, 2)
        screen.keys("e")
        screen.wait(lambda lines: any(row["KIND"] == "heap" and function_of(row) == "leak_block"
                                      and number(row["GROWTH/s"]) == pytest.approx(1000 * BYTES, rel=0.05)
                                      for row in table(lines)), "exact growth")
        screen.keys("q")
        text = ""
        assert screen.status() == 128 + signal.SIGTERM
        text = screen.text("-S", "-")
        assert "allocations" in text and "first touched" in text


# ---- leaktrace itself --------------------------------------------------------------------------


def resident_kb(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1])


def test_watching_does_not_grow(grow):
    """An hour at a refresh a second is 3,600 of them. Measured by leaktrace itself: what the
    watching one acquires and keeps once it is warm."""
    if harness.is_sanitized():
        pytest.skip("a sanitizer keeps what was freed")
    target = grow("busy", rate=20)
    with Screen(live("-i", "0.005", "-p", str(target.pid)), 120, 40) as screen:
        settled(screen, 6 * harness.SLOWNESS)
        watcher = screen.child()
        before = resident_kb(watcher)
        result = harness.run(["-d", str(20 * harness.SLOWNESS), "-p", str(watcher)])
        assert resident_kb(watcher) - before < 2048
        quit_and_read(screen)
    process = result.report["processes"][0]
    heap = process["totals"]["heap"]
    assert result.status == 0
    # It did work meanwhile: each sample has an array of processes.
    assert heap["acquired_count"] > 3600
    kept = [(site["live_bytes"], names(site)) for site in process["sites"]
            if site["kind"] == "heap" and site["class"] != "reachable" and site["live_bytes"]]
    assert heap["live_bytes"] < 64 << 10, sorted(kept, key=lambda site: -site[0])[:5]
    assert process["totals"]["fd"]["live_count"] <= 1
    assert process["totals"]["mmap"]["live_bytes"] < 1 << 20
