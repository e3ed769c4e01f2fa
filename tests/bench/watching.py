# SPDX-License-Identifier: GPL-2.0-or-later
"""What watching costs: a refresh of the screen over very many sites and blocks, and pages beside
exact tracing."""

import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time

from measure import BUILD, LEAKTRACE, PAIRS, cpu_s, heading, program, row, run

ROWS, COLUMNS = 60, 200
INTERVAL_S = 0.2


class Terminal:
    """leaktrace in a pseudo terminal; what it draws is read and dropped."""

    def __init__(self, command):
        self.pid, self.fd = pty.fork()
        if not self.pid:
            os.environ.update(TERM="xterm-256color", LC_ALL="C.UTF-8")
            os.execv(command[0], command)
        fcntl.ioctl(self.fd, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))

    def read(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if not select.select([self.fd], [], [], max(0, end - time.monotonic()))[0]:
                return
            try:
                os.read(self.fd, 65536)
            except OSError:
                return

    def answer_ms(self, key):
        """From a key that changes the screen to the first of what is drawn for it."""
        self.read(0.01)
        start = time.monotonic()
        os.write(self.fd, key)
        select.select([self.fd], [], [], 5)
        return (time.monotonic() - start) * 1e3

    def end(self):
        os.write(self.fd, b"q")
        self.read(3)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self.fd)


def refresh_table():
    sites, blocks = 20000, 100
    target = subprocess.Popen([program("sites"), str(sites), str(blocks), "60"],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    target.stdout.readline()
    terminal = Terminal([LEAKTRACE, "--live", "--max-live", "4M", "-i", str(INTERVAL_S), "-p", str(target.pid)])
    try:
        terminal.read(2)
        target.stdin.write(b"\n")
        target.stdin.flush()
        end = time.monotonic() + 60
        while not select.select([target.stdout], [], [], 0)[0] and time.monotonic() < end:
            terminal.read(0.2)
        # All names are there.
        terminal.read(5)
        before, seconds = cpu_s(terminal.pid), 6
        terminal.read(seconds)
        used = (cpu_s(terminal.pid) - before) * 1e3 / (seconds / INTERVAL_S)
        heading(f"--live, {sites:,} call sites, {sites * blocks:,} blocks, {COLUMNS}x{ROWS}")
        row("a refresh, leaktrace's CPU time", used, "ms")
        for name, key in (("?", b"?"), ("Escape", b"\033"), ("G, another grouping", b"G")):
            row(f"answer to {name}", terminal.answer_ms(key), "ms")
            terminal.read(0.5)
    finally:
        terminal.end()
        target.kill()
        target.wait()


def pages_table():
    """An allocation-heavy program that does not grow, and one that does nothing but grow."""
    pairs = [PAIRS, "50000000"]
    grow = [os.path.join(BUILD, "tests/programs/pages"), "many"]
    times = {"untraced": [], "--events pages": []}
    # In turns, so that what else goes on meets both.
    for _ in range(7):
        times["untraced"].append(float(run(pairs)))
        times["--events pages"].append(float(run([LEAKTRACE, "--events", "pages", "--"] + pairs)))
    exact = min(float(run([LEAKTRACE, "--", pairs[0], "200000"])) for _ in range(3))
    plain = min(times["untraced"])
    heading("malloc and free pair in a program that does not grow", "to untraced")
    for name, all_ns in times.items():
        row(name, min(all_ns), "ns", f"{min(all_ns) / plain:.3f}")
    row("exact", exact, "ns", f"{exact / plain:.1f}")
    heading("touching 100,000 pages for the first time", "to untraced")
    plain = min(float(run(grow)) for _ in range(5))
    row("untraced", plain, "ms")
    for name, options in (("--events pages", ["--events", "pages"]), ("exact", [])):
        ms = min(float(run([LEAKTRACE] + options + ["--"] + grow)) for _ in range(5))
        row(name, ms, "ms", f"{ms / plain:.2f}")


TABLES = {"refresh": refresh_table, "pages": pages_table}
