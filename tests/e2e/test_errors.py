# SPDX-License-Identifier: GPL-2.0-or-later
"""What cannot be done is said in one line that names the cause, with the status for it."""

import os
import shutil
import struct
import subprocess

import pytest

import harness


def check_error(result, status, *words):
    assert result.status == status, result.stderr
    lines = [line for line in result.stderr.splitlines() if line.startswith("leaktrace: ")]
    assert lines, f"no message in: {result.stderr!r}"
    for word in words:
        assert any(word.lower() in line.lower() for line in lines), f"{word!r} is not named in: {result.stderr!r}"


# ---- usage -------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [
    [], ["--no-such-option"], ["-p"], ["-p", "zero"], ["-p", "-1"], ["-p", "0"], ["-p", ""],
    ["-d", "soon", "--", "/bin/true"], ["-d", "0", "--", "/bin/true"], ["--attach", "magic", "--", "/bin/true"],
    ["--sort", "colour", "--", "/bin/true"], ["--min-size", "-3", "--", "/bin/true"],
    ["--max-live", "0", "--", "/bin/true"], ["-p", "1", "--", "/bin/true"], ["report"], ["--top", "many", "--", "/bin/true"],
    ["-i", "1", "--", "/bin/true"],
], ids=lambda arguments: "_".join(arguments).replace("/", "") or "nothing")
def test_wrong_usage(arguments):
    run = subprocess.run([harness.LEAKTRACE, *arguments], capture_output=True, timeout=harness.TIMEOUT_S, check=False,
                         stdin=subprocess.DEVNULL)
    assert run.returncode == 2, run.stderr
    assert run.stderr
    assert run.stdout == b""


@pytest.mark.parametrize("option", ["--help", "--version"])
def test_asked_for_help(option):
    run = subprocess.run([harness.LEAKTRACE, option], capture_output=True, timeout=harness.TIMEOUT_S, check=False)
    assert run.returncode == 0
    assert b"leaktrace" in run.stdout
    assert run.stderr == b""


# ---- commands that cannot run ------------------------------------------------


def test_missing_command():
    check_error(harness.run([], ["/no/such/command"]), 127, "/no/such/command")


def test_command_not_in_path():
    check_error(harness.run([], ["no-such-command-anywhere"]), 127, "no-such-command-anywhere")


def test_command_not_executable(tmp_path):
    path = tmp_path / "plain"
    path.write_text("#!/bin/sh\n")
    check_error(harness.run([], [str(path)]), 126, str(path))


def test_command_is_a_folder(tmp_path):
    check_error(harness.run([], [str(tmp_path)]), 126, str(tmp_path))


# ---- processes that cannot be traced -----------------------------------------


def test_no_such_process():
    process = subprocess.Popen(["/bin/true"])
    process.wait()
    check_error(harness.run(["-p", str(process.pid)]), 125, str(process.pid))


def test_kernel_thread():
    """Process 2 starts the kernel's threads; in a container it may be something else."""
    try:
        with open("/proc/2/stat", encoding="utf-8") as file:
            flags = int(file.read().rpartition(")")[2].split()[6])
    except OSError:
        pytest.skip("there is no process 2 here")
    if not flags & 0x00200000:
        pytest.skip("process 2 is no kernel thread here")
    check_error(harness.run(["-p", "2"]), 125, "2", "kernel")


def test_zombie():
    process = subprocess.Popen(["/bin/true"])
    try:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        check_error(harness.run(["-p", str(process.pid)]), 125, str(process.pid))
    finally:
        process.wait()


def test_32_bit_process():
    target = harness.start([harness.program_path("no_allocator", "32")])
    try:
        check_error(harness.run(["-p", str(target.pid)]), 125, "32-bit")
    finally:
        harness.drop(target)


def test_32_bit_command():
    result = harness.run([], [harness.program_path("no_allocator", "32")])
    check_error(result, 125, "32-bit")


def test_process_without_allocator():
    target = harness.start([harness.program_path("no_allocator")])
    try:
        check_error(harness.run(["-p", str(target.pid)]), 125, "alloc")
    finally:
        harness.drop(target)


def test_command_without_allocator():
    """The command runs to its end; that nothing could be measured is said, and the status is 125."""
    result = harness.run([], [harness.program_path("no_allocator")])
    check_error(result, 125, "alloc")
    assert result.report["verdict"] == "unmeasured"


# ---- Go ----------------------------------------------------------------------


def section_header(name, kind, offset, size):
    return struct.pack("<IIQQQQIIQQ", name, kind, 0, 0, offset, size, 0, 0, 1, 0)


def go_program(path):
    """A static program that sleeps and bears the section by which Go programs are known."""
    with open(harness.program_path("no_allocator"), "rb") as file:
        image = bytearray(file.read())
    names = b"\0.go.buildinfo\0.shstrtab\0"
    content = b"\xff Go buildinf:" + bytes(18)
    image += bytes(-len(image) % 8)
    content_at = len(image)
    image += content
    names_at = len(image)
    image += names
    image += bytes(-len(image) % 8)
    headers_at = len(image)
    image += section_header(0, 0, 0, 0)
    image += section_header(1, 1, content_at, len(content))
    image += section_header(names.index(b".shstrtab"), 3, names_at, len(names))
    struct.pack_into("<Q", image, 0x28, headers_at)      # e_shoff
    struct.pack_into("<HHH", image, 0x3a, 64, 3, 2)      # e_shentsize, e_shnum, e_shstrndx
    path.write_bytes(image)
    path.chmod(0o755)
    return str(path)


def test_go_process(tmp_path):
    target = harness.start([go_program(tmp_path / "go")])
    try:
        check_error(harness.run(["-p", str(target.pid)]), 125, "Go")
    finally:
        harness.drop(target)


# ---- privileges and files ----------------------------------------------------


@pytest.fixture
def readable_leaktrace(tmp_path_factory):
    """A copy of the program where every user can reach it."""
    folder = tmp_path_factory.mktemp("public")
    for parent in [folder, *folder.parents]:
        if str(parent) != "/tmp" and str(parent).startswith("/tmp"):
            os.chmod(parent, 0o755)
    return shutil.copy(harness.LEAKTRACE, folder / "leaktrace")


def test_no_privileges(readable_leaktrace):
    run = subprocess.run(["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups", "--inh-caps=-all",
                          "--bounding-set=-all", str(readable_leaktrace), "--", "/bin/echo", "ran"],
                         capture_output=True, timeout=harness.TIMEOUT_S, check=False, cwd="/")
    assert run.returncode == 125, run.stderr
    lines = harness.decode(run.stderr).splitlines()
    assert len(lines) == 1, lines
    for word in ("CAP_", "sudo", "setcap"):
        assert word in lines[0]
    assert run.stdout == b"", "the command must not run untraced"


@pytest.mark.parametrize("option", ["-o", "--json"])
def test_unwritable_file_is_found_before_the_run(option):
    run = subprocess.run([harness.LEAKTRACE, option, "/no/such/folder/file", "--", "/bin/echo", "ran"],
                         capture_output=True, timeout=harness.TIMEOUT_S, check=False)
    assert run.returncode in (2, 125), run.stderr
    assert b"/no/such/folder/file" in run.stderr
    assert run.stdout == b"", "the command ran although its result has no place"


@pytest.mark.parametrize("content", [b"", b"garbage", b"\x1f\x8b\x08\x00" + bytes(40)], ids=["empty", "text", "gzip"])
def test_report_of_what_is_no_recording(content, tmp_path):
    path = tmp_path / "file"
    path.write_bytes(content)
    run = subprocess.run([harness.LEAKTRACE, "report", str(path)], capture_output=True, timeout=harness.TIMEOUT_S,
                         check=False)
    assert run.returncode == 125, run.stderr
    assert str(path).encode() in run.stderr
    assert run.stdout == b""


def test_report_of_a_missing_file():
    run = subprocess.run([harness.LEAKTRACE, "report", "/no/such/file"], capture_output=True, check=False,
                         timeout=harness.TIMEOUT_S)
    assert run.returncode == 125, run.stderr
    assert b"/no/such/file" in run.stderr
