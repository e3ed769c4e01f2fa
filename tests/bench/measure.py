# SPDX-License-Identifier: GPL-2.0-or-later
"""What all tables share: where the programs are, how they are run, how a row is printed."""

import glob
import os
import select
import shutil
import subprocess
import sys
import time

BUILD = os.path.abspath(sys.argv[1])
LEAKTRACE = os.path.join(BUILD, "leaktrace")
CPUS = os.cpu_count() or 1
# Other load on the machine disturbs as little as it can.
REALTIME = ["chrt", "-f", "10"] if shutil.which("chrt") else []
# Of equals each gets its turn: for more threads than there are CPUs.
IN_TURNS = ["chrt", "-r", "10"] if shutil.which("chrt") else []
ROUNDS = 3
TIMEOUT_S = 300
# Below this, a file is not what is meant by large.
LARGE_BYTES = 80 << 20
LARGE_LIBRARIES = ["/usr/lib/*/libLLVM*.so*", "/usr/lib/llvm-*/lib/libLLVM*.so*", "/usr/lib/*/libnode.so*"]


def program(name):
    return os.path.join(BUILD, "tests/bench", name)


PAIRS = program("pairs")


def run(command, priority=None):
    return subprocess.run((REALTIME if priority is None else priority) + command, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, timeout=TIMEOUT_S).stdout


def best(measure, rounds=ROUNDS):
    """The smallest of some rounds: other load only adds."""
    return min(measure() for _ in range(rounds))


def best_in_turns(measures, rounds=ROUNDS):
    """The smallest of each, taken in turns, so that what else goes on meets all of them."""
    taken = [[measure() for measure in measures] for _ in range(rounds)]
    return [min(column) for column in zip(*taken)]


def wall_ms(command):
    start = time.monotonic()
    run(command)
    return (time.monotonic() - start) * 1e3


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def row(name, value, unit, *others):
    text = "".join(f"{other:>14}" for other in others)
    digits = 2 if unit == "%" else 1
    print(f"  {name:<44}{value:>12,.{digits}f} {unit:<3}{text}", flush=True)


def heading(text, *columns):
    print(f"\n{text:<62}" + "".join(f"{c:>14}" for c in columns), flush=True)


def marked(value, mark, digits=2):
    """A figure beside the one that is wanted at most."""
    return f"{value:.{digits}f} (<={mark:g})"


def skipped(text):
    print(f"  {text}: skipped", flush=True)


def large_file(*others):
    """A large library, or another file of `others`; None: there is none."""
    paths = [path for pattern in [*LARGE_LIBRARIES, *others] for path in glob.glob(pattern)]
    return next((path for path in paths if os.path.getsize(path) >= LARGE_BYTES), None)


def start(command, **more):
    """A program that works beside what is measured; it is ended by stop()."""
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **more)


def stop(process):
    process.kill()
    process.wait()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream:
            stream.close()


def say(process, text=b"\n"):
    process.stdin.write(text)
    process.stdin.flush()


def line_with(stream, text, timeout_s=60):
    """Reads on to the line with this text and returns it. An unbuffered stream, so that nothing waits in it."""
    end, line = time.monotonic() + timeout_s, b""
    while time.monotonic() < end:
        if not select.select([stream], [], [], end - time.monotonic())[0]:
            break
        byte = os.read(stream.fileno(), 1)
        if not byte:
            break
        line += byte
        if byte == b"\n":
            if text in line:
                return line.decode()
            line = b""
    raise RuntimeError(f"no line with {text!r}")


class Attached:
    """leaktrace attached to a process; `ms`: from its start to where it says so."""

    def __init__(self, pid, *options, priority=()):
        begin = time.monotonic()
        self.process = subprocess.Popen([*priority, LEAKTRACE, "-v", *options, "-p", str(pid)], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.PIPE, bufsize=0)
        self.pid = self.process.pid
        line_with(self.process.stderr, b"attached after")
        self.ms = (time.monotonic() - begin) * 1e3

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.communicate(timeout=TIMEOUT_S)
