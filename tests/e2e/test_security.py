# SPDX-License-Identifier: GPL-2.0-or-later
"""leaktrace runs as root beside programs that nobody trusts: what it gives up, what it opens, and
whose the files are that it makes."""

import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

import pytest

import harness

# Someone who is not root; what is his is not believed.
OTHER = 12345
# Of src/session.c and of src/trace/watchdog.c, by number (capability.h).
KEPT = {1, 2, 5, 6, 7, 19, 21, 24, 38, 39, 40}
WATCHDOG_KEPT = {5, 21, 39}


def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8", errors="replace") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def capabilities(pid, which):
    bits = int(status_of(pid)[which], 16)
    return {number for number in range(64) if bits >> number & 1}


def test_what_is_not_needed_is_given_up():
    own = capabilities("self", "CapEff")
    tracer = harness.start([harness.LEAKTRACE, "--", "/bin/sleep", "30"])
    try:
        harness.await_attached(tracer)
        end = time.monotonic() + 10
        while status_of(tracer.pid)["NoNewPrivs"] == "0" and time.monotonic() < end:
            time.sleep(0.02)
        assert status_of(tracer.pid)["NoNewPrivs"] == "1"
        for which in ("CapEff", "CapPrm", "CapBnd"):
            assert capabilities(tracer.pid, which) == own & KEPT, which
        assert not capabilities(tracer.pid, "CapInh") and not capabilities(tracer.pid, "CapAmb")
        command = watchdog = None
        while not (command and watchdog) and time.monotonic() < end:
            listed = subprocess.run(["ps", "-o", "pid=,comm=", "--ppid", str(tracer.pid)], capture_output=True, text=True, check=True)
            command, watchdog = (re.search(rf"(\d+) {name}", listed.stdout) for name in ("sleep", "leaktrace-watch"))
        watchdog = watchdog[1]
        assert capabilities(watchdog, "CapEff") == capabilities(watchdog, "CapPrm") == own & WATCHDOG_KEPT
        # The command is as it would be without us.
        command = command[1]
        assert status_of(command)["NoNewPrivs"] == "0"
        assert capabilities(command, "CapEff") == own
    finally:
        harness.end_group(tracer)
        tracer.communicate()


# ---- files that do harm ----------------------------------------------------------------------


def traced_python(script, *options):
    return harness.run(["--kinds", "heap", *options], ["/usr/bin/python3", "-S", "-c", script])


def library(folder, name="libvictim.so"):
    """A library that belongs to someone else, who may change it at any time."""
    path = os.path.join(folder, name)
    shutil.copy(os.path.join(harness.PROGRAMS, "libescape.so"), path)
    os.chown(path, OTHER, OTHER)
    return path


# Maps copies of a library as code, without looking at them; small ones that are loaded have the
# tracer look at all mappings.
MAPPING = """
import _ctypes, mmap, os, sys
path, small, folder = sys.argv[1:]
content = open(path, 'rb').read()
maps = []
for i in range(40):
    name = f"{folder}/lib{i}.so"
    with open(name, 'wb') as file:
        file.write(content)
    os.chown(name, 12345, 12345)
    with open(name, 'rb') as file:
        try:
            maps.append(mmap.mmap(file.fileno(), len(content), flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ | mmap.PROT_EXEC))
        except ValueError: # cut off just now
            pass
    _ctypes.dlclose(_ctypes.dlopen(small, 2))
os._exit(7)
"""

# Cuts the newest of them off, again and again. Another process: a stopped one does nothing.
CUTTING = """
import glob, os, sys, time
end = time.monotonic() + 60
while time.monotonic() < end:
    for name in sorted(glob.glob(sys.argv[1] + '/lib*.so'), key=os.path.getmtime)[-1:]:
        size = os.path.getsize(name)
        with open(name, 'rb') as file:
            content = file.read()
        if len(content) > 1000000:
            for i in range(50):
                os.truncate(name, 4096)
                os.truncate(name, size)
            with open(name, 'r+b') as file:
                file.write(content)
"""


def test_a_file_that_is_cut_off_while_it_is_read(tmp_path):
    """To read a mapping behind its file's end is a deadly signal: a target could end its tracer so."""
    cutter = harness.start(["/usr/bin/python3", "-S", "-c", CUTTING, str(tmp_path)])
    try:
        result = harness.run(["--kinds", "heap"], ["/usr/bin/python3", "-S", "-c", MAPPING,
                                                   "/usr/lib/x86_64-linux-gnu/libstdc++.so.6",
                                                   os.path.join(harness.PROGRAMS, "libescape.so"), str(tmp_path)])
    finally:
        harness.drop(cutter)
    assert result.status == 7, result.stderr
    assert result.report["processes"][-1]["totals"]["heap"]["acquired_count"] > 0


def test_a_file_that_is_replaced_by_a_fifo(tmp_path):
    """Whoever opens a FIFO waits; names are asked for when the target has ended."""
    path = library(tmp_path)
    script = (f"import ctypes, os; l = ctypes.CDLL({path!r}); l.x = 1; os.unlink({path!r}); os.mkfifo({path!r}); "
              "p = ctypes.CDLL(None).malloc(100)")
    result = traced_python(script)
    assert result.status == 0, result.stderr


def test_a_link_out_of_the_targets_root(tmp_path):
    """In its own root a target's names mean its own files: a link there does not lead to ours."""
    root = tmp_path / "root"
    root.mkdir()
    shutil.copy(harness.program_path("basic", "static"), root / "program")
    outside = tmp_path / "outside"
    outside.mkdir()
    (root / "tmp").symlink_to(outside)
    target = harness.start(["chroot", str(root), "/program", "--wait"], stdin=subprocess.PIPE)
    try:
        harness.await_line(target, b"ready")
        # Where the names of its code would be looked for.
        (outside / f"perf-{target.pid}.map").write_text("0 7fffffffffff the_secret\n")
        result = harness.trace(str(target.pid), [], lambda tracer: harness.begin(target))
        assert result.status == 0, result.stderr
        assert "the_secret" not in result.stdout.decode() + result.stderr + str(result.report)
    finally:
        harness.drop(target)


def test_a_file_that_pretends_to_be_huge(tmp_path):
    path = library(tmp_path)
    os.truncate(path, 200 << 30)
    result = traced_python(f"import ctypes; l = ctypes.CDLL({path!r}); ctypes.CDLL(None).malloc(100)")
    assert result.status == 0, result.stderr
    assert result.report["processes"][-1]["totals"]["heap"]["acquired_count"] > 100


def test_names_do_not_drive_the_terminal(tmp_path):
    """A path, a command's name and a descriptor's, each with escape sequences."""
    name = "\x1b]0;owned\x07\x1b[31m\r\n"
    folder = tmp_path / f"x{name.strip()}y"
    folder.mkdir()
    program = folder / "pro\x1bgram"
    shutil.copy(harness.program_path("basic"), program)
    result = harness.run(["-v"], [str(program)])
    assert result.status == 0
    assert "\x1b" not in result.stderr and "\x07" not in result.stderr and "\r" not in result.stderr
    assert result.report["processes"][-1]["comm"] == "pro\x1bgram"


# ---- results ---------------------------------------------------------------------------------


def as_sudo(arguments, **environment):
    return subprocess.run([harness.LEAKTRACE, *arguments], capture_output=True, check=False, timeout=harness.TIMEOUT_S,
                          stdin=subprocess.DEVNULL,
                          env={**harness.environment(), "SUDO_UID": str(OTHER), "SUDO_GID": str(OTHER), **environment})


@pytest.fixture(name="open_folder")
def fixture_open_folder():
    """A folder where everybody may write; pytest's own are root's."""
    with tempfile.TemporaryDirectory(prefix="leaktrace-test-") as folder:
        os.chmod(folder, 0o777)
        yield pathlib.Path(folder)


@pytest.mark.parametrize("option", ["--json", "-o", "--junit", "--sarif"])
def test_results_belong_to_who_called_us(open_folder, option):
    path = open_folder / "result"
    done = as_sudo(["--kinds", "heap", "--no-scan", option, str(path), "--", "/bin/true"])
    assert done.returncode == 0, done.stderr
    assert path.stat().st_uid == OTHER and path.stat().st_size > 0


@pytest.mark.parametrize("option", ["--json", "-o"])
def test_no_link_makes_us_write_where_the_caller_may_not(open_folder, option):
    victim = open_folder / "victim"
    victim.write_text("precious")
    link = open_folder / "link"
    os.symlink(victim, link)
    os.lchown(link, OTHER, OTHER)
    done = as_sudo(["--kinds", "heap", "--no-scan", option, str(link), "--", "/bin/true"])
    assert victim.read_text() == "precious"
    assert done.returncode == 125 and str(link).encode() in done.stderr
