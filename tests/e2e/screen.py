# SPDX-License-Identifier: GPL-2.0-or-later
"""A terminal of its own, by tmux: a program runs in it, keys are sent, the screen is read."""

import os
import re
import shutil
import subprocess
import tempfile
import time

import pytest

import harness

# Escape sequences of mouse events as the terminal that tmux is sends them (X10 encoding).
WHEEL_DOWN, WHEEL_UP, PRESS, RELEASE = 97, 96, 32, 35


class Screen:
    def __init__(self, command, columns=80, rows=24, env=None):
        if not shutil.which("tmux"):
            pytest.fail("tmux is missing: run scripts/install-deps.sh")
        self.folder = tempfile.mkdtemp(prefix="leaktrace-screen-")
        self.socket = os.path.join(self.folder, "tmux")
        self.status_file = os.path.join(self.folder, "status")
        # The shell stays, so that what is left on the screen can be read.
        script = f'cd {self.folder}; {" ".join(command)}; echo $? >{self.status_file}; exec sleep 1000'
        self.env = {"LC_ALL": "C.UTF-8", **(env or {})}
        self.tmux("-f", "/dev/null", "new-session", "-d", "-x", str(columns), "-y", str(rows), script)

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        shell = self.tmux("display-message", "-p", "#{pane_pid}").strip()
        running = self.children(shell)
        # Whoever still runs in it is hung up by the terminal's end.
        subprocess.run(["tmux", "-S", self.socket, "kill-server"], capture_output=True, check=False)
        end = time.monotonic() + 10
        while any(os.path.exists(f"/proc/{pid}") for pid in running) and time.monotonic() < end:
            time.sleep(0.02)
        shutil.rmtree(self.folder, ignore_errors=True)

    @staticmethod
    def children(pid):
        try:
            with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
                return file.read().split()
        except OSError:
            return []

    def tmux(self, *arguments):
        result = subprocess.run(["tmux", "-S", self.socket, *arguments], env=harness.environment(self.env),
                                capture_output=True, timeout=20, check=False)
        if result.returncode:
            pytest.fail(f"tmux {arguments}: {harness.decode(result.stderr)}")
        return harness.decode(result.stdout)

    def lines(self, *options):
        """The screen; with "-S", "-": and all that has scrolled out of it; with "-e": its colours."""
        return [line.rstrip() for line in self.tmux("capture-pane", "-p", *options).split("\n")]

    def text(self, *options):
        return "\n".join(self.lines(*options))

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def type(self, text):
        self.tmux("send-keys", "-l", text)

    def mouse(self, button, column, row):
        """Rows and columns from 0 on. A button that is pressed is released again."""
        for event in [button] + ([RELEASE] if button == PRESS else []):
            codes = [27, ord("["), ord("M"), event, 33 + column, 33 + row]
            self.tmux("send-keys", "-H", *[f"{code:x}" for code in codes])

    def resize(self, columns, rows):
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def wait(self, condition, what, timeout=15 * harness.SLOWNESS):
        """Until the condition, of the screen's lines, holds; returns the lines."""
        end = time.monotonic() + timeout
        while True:
            lines = self.lines()
            if condition(lines):
                return lines
            if time.monotonic() > end:
                pytest.fail(f"not seen in time: {what}\n" + "\n".join(lines))
            time.sleep(0.1)

    def wait_for(self, text, timeout=15 * harness.SLOWNESS):
        return self.wait(lambda lines: any(text in line for line in lines), repr(text), timeout)

    def child(self):
        """The process id of the program."""
        return int(self.children(self.tmux("display-message", "-p", "#{pane_pid}").strip())[0])

    def status(self, timeout=30):
        """The exit status of the program."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if os.path.exists(self.status_file):
                with open(self.status_file, encoding="utf-8") as file:
                    text = file.read().strip()
                if text:
                    return int(text)
            time.sleep(0.1)
        return pytest.fail("the program goes on\n" + self.text())


# ---- reading a screen ------------------------------------------------------------------------


UNITS = {"": 1, "K": 1e3, "M": 1e6, "G": 1e9}


def number(text):
    match = re.fullmatch(r"([+-]?[\d.]+)([KMG]?)", text)
    assert match, f"{text!r} is no number"
    return float(match[1]) * UNITS[match[2]]


def watched_seconds(lines):
    match = re.search(r"watched (?:(\d+)m)?(\d+)s?", lines[0])
    return int(match[1] or 0) * 60 + int(match[2]) if match else 0


def table(lines):
    """The rows of the table, as dictionaries by heading; a function without its place."""
    heads = [index for index, line in enumerate(lines) if line.startswith("KIND")]
    if not heads:
        return []
    # Headings of numbers end where their columns end, those of texts begin where these begin.
    head = lines[heads[0]]
    places, start = [], 0
    for match in re.finditer(r"CALLED BY|\S+", head):
        places.append((match[0], match.start(), match.end()))
    rows = []
    for line in lines[heads[0] + 1:]:
        if not re.match(r"(heap|mmap|fd|thread|pages) ", line):
            break
        row, start = {}, 0
        for name, begin, end in places:
            if name in ("KIND", "CALLED BY", "MODULE", "function", "module", "thread"):
                following = [other[1] for other in places if other[1] > begin]
                end = following[0] if name != "KIND" and following else end + 2 if name == "KIND" else None
                row[name] = line[begin:end].split()[0] if line[begin:end].split() else ""
            else:
                row[name] = line[start:end].strip()
            start = end or start
        rows.append(row)
    return rows


def masked(lines):
    """Moving digits, graphs (a busy machine misses a sample) and the ids of processes are left out."""
    def mask(line):
        line = re.sub(" *[▁▂▃▄▅▆▇█]+", " ~", line)
        line = re.sub(r"\s*(?<![\w.])[+-]?\d[\d.,]*[KMG]?(s|m\d+|%|x)?(?![\w])", " #", line)
        return re.sub(r"\[ #\]", "[#]", line).rstrip()
    return [mask(line) for line in lines]
