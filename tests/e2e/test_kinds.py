# SPDX-License-Identifier: GPL-2.0-or-later
"""Mappings, descriptors, threads and a user's kinds, in real programs and held against what
the kernel, Valgrind and the program itself say."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import harness

RESOURCES = os.path.join(harness.ROOT, "share", "resources")


def need_program(name):
    path = shutil.which(name)
    if not path:
        pytest.skip(f"{name} is not installed")
    return path


def stop(tracer):
    tracer.send_signal(signal.SIGINT)


def sites_of(report, kind, pid=None):
    return [site for process in report["processes"] if pid in (None, process["pid"])
            for site in process["sites"] if site["kind"] == kind]


def live_count(report, kind):
    return sum(site["live_count"] for site in sites_of(report, kind) if site["role"] == "held")


def assert_lossless(report, allowed=()):
    losses = {name: count for name, count in report["losses"].items() if count and name not in allowed}
    assert not losses, losses


# ---- a user's kinds --------------------------------------------------------------------


PRELUDE = """
import ctypes, sys
from ctypes import c_char_p, c_int, c_void_p, byref, create_string_buffer
times = int(sys.argv[1])
def function(library, name, result=c_int):
    f = getattr(library, name)
    f.restype = result
    return f
libc = ctypes.CDLL("libc.so.6")
"""
# What each script leaves of a kind, per time.
SCRIPTS = {
    "sqlite.res": ({"sqlite-statement": 2, "sqlite-connection": 1}, """
library = ctypes.CDLL("libsqlite3.so.0")
def use():
    kept, closed, failed = c_void_p(), c_void_p(), c_void_p()
    assert not library.sqlite3_open(b":memory:", byref(kept))
    assert not library.sqlite3_open_v2(b":memory:", byref(closed), 6, None)
    # One that failed is to be closed as well.
    assert library.sqlite3_open_v2(b"/nonexistent/x", byref(failed), 1, None)
    assert not library.sqlite3_close(failed)
    for i in range(3):
        statement = c_void_p()
        assert not library.sqlite3_prepare_v2(kept, b"select 1", -1, byref(statement), None)
        if not i:
            library.sqlite3_finalize(statement)
    assert library.sqlite3_prepare_v2(kept, b"nonsense", -1, byref(c_void_p()), None)
    assert library.sqlite3_close(kept)  # busy: not closed
    assert not library.sqlite3_close_v2(closed)
"""),
    "openssl.res": ({"ssl": 1, "bio": 2}, """
crypto = ctypes.CDLL("libcrypto.so.3")
library = ctypes.CDLL("libssl.so.3")
def use():
    context = c_void_p(function(library, "SSL_CTX_new", c_void_p)(c_void_p(function(library, "TLS_method", c_void_p)())))
    kept = function(library, "SSL_new", c_void_p)(context)
    library.SSL_free(c_void_p(function(library, "SSL_new", c_void_p)(context)))
    method = c_void_p(function(crypto, "BIO_s_mem", c_void_p)())
    bios = [function(crypto, "BIO_new", c_void_p)(method) for i in range(3)]
    assert kept and all(bios)
    crypto.BIO_free(c_void_p(bios[0]))
    crypto.BIO_free(None)
"""),
    "stdio.res": ({"stream": 2, "popen": 1}, """
def use():
    fopen = function(libc, "fopen", c_void_p)
    streams = [c_void_p(fopen(b"/dev/null", b"r")) for i in range(3)]
    assert not fopen(b"/nonexistent", b"r")
    assert function(libc, "freopen", c_void_p)(b"/etc/passwd", b"r", streams[1]) == streams[1].value
    assert not libc.fclose(streams[0])
    popen = function(libc, "popen", c_void_p)
    assert popen(b"true", b"r")
    assert libc.pclose(c_void_p(popen(b"true", b"r"))) == 0
"""),
    "dirent.res": ({"dir": 1}, """
def use():
    opendir = function(libc, "opendir", c_void_p)
    assert opendir(b"/")
    assert not opendir(b"/nonexistent")
    assert not libc.closedir(c_void_p(opendir(b"/")))
"""),
    "iconv.res": ({"iconv": 1}, """
def use():
    iconv_open = function(libc, "iconv_open", c_void_p)
    assert iconv_open(b"UTF-8", b"ISO-8859-1") != 2 ** 64 - 1
    assert iconv_open(b"nonsense", b"UTF-8") == 2 ** 64 - 1
    assert not libc.iconv_close(c_void_p(iconv_open(b"UTF-8", b"ISO-8859-1")))
"""),
    "netdb.res": ({"addrinfo": 1}, """
def use():
    lists = [c_void_p(), c_void_p()]
    for one in lists:
        assert not libc.getaddrinfo(b"127.0.0.1", b"80", None, byref(one))
    assert libc.getaddrinfo(b"127.0.0.1", b"no such service", None, byref(c_void_p()))
    libc.freeaddrinfo(lists[0])
"""),
    "pthread-mutex.res": ({"mutex": 2}, """
kept = []
def use():
    mutexes = [create_string_buffer(64) for i in range(3)]
    kept.append(mutexes)
    for mutex in mutexes:
        assert not libc.pthread_mutex_init(mutex, None)
    assert not libc.pthread_mutex_destroy(mutexes[0])
"""),
    "zlib.res": ({"inflate": 2, "deflate": 1}, """
library = ctypes.CDLL("libz.so.1")
version = function(library, "zlibVersion", c_char_p)()
kept = []
def use():
    streams = [create_string_buffer(112) for i in range(5)]
    kept.append(streams)
    for i in range(3):
        assert not library.inflateInit2_(streams[i], 15, version, 112)
    assert not library.inflateEnd(streams[0])
    assert library.inflateInit2_(streams[3], 15, b"9", 112)
    assert not library.deflateInit_(streams[3], 6, version, 112)
    assert not library.deflateInit_(streams[4], 6, version, 112)
    library.deflateEnd(streams[4])
"""),
}


def run_resource(name, times, tmp_path):
    script = tmp_path / "script.py"
    script.write_text(f"{PRELUDE}{SCRIPTS[name][1]}\nfor i in range(times):\n    use()\n")
    result = harness.run(["--kinds", "heap", "--resource", os.path.join(RESOURCES, name)],
                         ["/usr/bin/python3", "-S", "-B", str(script), str(times)])
    assert result.status == 0 and result.report, result.stderr[-3000:]
    return result


@pytest.mark.parametrize("name", sorted(SCRIPTS))
def test_resources(name, tmp_path):
    """What the interpreter itself has of a kind is in both runs."""
    few, many = (run_resource(name, times, tmp_path).report for times in (1, 11))
    for kind, count in SCRIPTS[name][0].items():
        assert live_count(many, kind) - live_count(few, kind) == 10 * count, kind
        assert "stack" in sites_of(many, kind)[0] and sites_of(many, kind)[0]["stack"]
    assert_lossless(many, ("releases_unmatched", "calls_abandoned"))


def test_resource_of_a_running_process(tmp_path):
    """The same, attached to: what was acquired before is not reported, its release disturbs nothing."""
    script = tmp_path / "script.py"
    script.write_text(PRELUDE + "fopen = function(libc, 'fopen', c_void_p)\nold = c_void_p(fopen(b'/dev/null', b'r'))\n"
                      "print('ready', flush=True)\nsys.stdin.readline()\nlibc.fclose(old)\n"
                      "for i in range(times): fopen(b'/dev/null', b'r')\n")
    target = harness.start_waiting(["/usr/bin/python3", "-S", "-B", str(script), "7"])
    try:
        options = ["--resource", os.path.join(RESOURCES, "stdio.res")]
        result = harness.trace(str(target.pid), options, lambda tracer: harness.begin(target))
    finally:
        harness.drop(target)
    assert result.status == 0, result.stderr[-3000:]
    assert live_count(result.report, "stream") == 7


@pytest.mark.parametrize("text, message", [
    ("kind k\nacquire f handle=argh\n", ":2:18: a handle is return, arg1 to arg5"),
    ("kind k\nacquire f handle=return\n", ":1:1: kind k has no 'release' line"),
    ("acquire\n", ":1:1: a function before any 'kind' line"),
])
def test_bad_definition(text, message, tmp_path):
    path = tmp_path / "bad.res"
    path.write_text(text)
    result = harness.run(["--resource", str(path)], ["/bin/echo", "not run"])
    assert result.status == 2
    assert f"leaktrace: {path}{message}" in result.stderr
    assert result.stdout == b""


def test_missing_definition():
    result = harness.run(["--resource", "/nonexistent.res"], ["/bin/true"])
    assert result.status == 2 and "/nonexistent.res: No such file or directory" in result.stderr


def test_missing_functions(tmp_path):
    """A kind whose functions are nowhere is told, and everything else goes on."""
    path = tmp_path / "none.res"
    path.write_text("kind ghost\nacquire no_such_function handle=return\nrelease neither_this handle=arg1\n")
    result = harness.run(["--resource", str(path)], [harness.program_path("basic")])
    assert result.status == 0
    assert "kind ghost: none of its functions was found" in result.stderr
    harness.check("basic", None, result, 0)


def test_no_handle(tmp_path):
    """A function that returns NULL, or stores it, has acquired nothing."""
    path = tmp_path / "null.res"
    path.write_text("kind env noun=variable\nobject libc.so*\nacquire getenv handle=return\nrelease unsetenv handle=arg1\n")
    script = "import ctypes\nlibc = ctypes.CDLL('libc.so.6')\nfor i in range(9): libc.getenv(b'surely_not_set')\nlibc.unsetenv(None)\n"
    result = harness.run(["--resource", str(path)], ["/usr/bin/python3", "-S", "-B", "-c", script])
    assert result.status == 0
    names = [site for site in sites_of(result.report, "env") if "getenv" in str(site["stack"][:1])]
    assert not names


# ---- which kinds -----------------------------------------------------------------------


def loaded_programs(pid):
    """Names of the BPF programs that a process holds."""
    held = set()
    for entry in os.scandir(f"/proc/{pid}/fdinfo"):
        with open(entry.path, encoding="utf-8") as file:
            held.update(int(line.split()[1]) for line in file if line.startswith("prog_id:"))
    tool = shutil.which("bpftool") or "/usr/sbin/bpftool"
    output = subprocess.run([tool, "-j", "prog", "show"], capture_output=True, timeout=30, check=True).stdout
    return [program.get("name", "") for program in json.loads(output or b"[]") if program["id"] in held]


@pytest.mark.parametrize("kinds, calls", [("heap", False), ("thread", False), ("fd", True), ("mmap", True), ("heap,mmap", True)])
def test_only_wanted_kinds(kinds, calls):
    """Kinds that nobody asked for have no program in the kernel, and no place in the report."""
    target = harness.start_waiting([harness.program_path("basic"), "--wait"])
    seen = []

    def action(tracer):
        seen.extend(loaded_programs(tracer.pid))
        harness.begin(target)

    try:
        result = harness.trace(str(target.pid), ["--kinds", kinds], action)
    finally:
        harness.drop(target)
    assert result.status == 0, result.stderr
    assert seen and any(name.startswith("syscall_") for name in seen) == calls, seen
    assert any(name.startswith("files_walk") for name in seen) == ("fd" in kinds), seen
    assert set(result.report["processes"][0]["totals"]) == set(kinds.split(","))


def test_unknown_kind():
    result = harness.run(["--kinds", "heap,memory"], ["/bin/true"])
    assert result.status == 2 and "heap, mmap, fd, thread" in result.stderr


# ---- who was not followed, and is ------------------------------------------------------------


# Each line is a process id: a child with it, if it is to be had, keeps a descriptor.
FORKS = """
import os, sys
for line in sys.stdin:
    with open("/proc/sys/kernel/ns_last_pid", "w") as last: last.write(str(int(line) - 1))
    pid = os.fork()
    if not pid:
        os.open("/etc/hostname", os.O_RDONLY)
        os._exit(0)
    os.waitpid(pid, 0)
    print(pid, flush=True)
"""
CALLS_ON = """
import os
print("ready", flush=True)
while True: os.close(os.open("/dev/null", os.O_RDONLY))
"""


def a_stranger():
    """The id of a process that opened and closed while others were traced, and has ended."""
    done = subprocess.Popen(["/bin/cat", "/etc/hostname"], stdout=subprocess.DEVNULL)
    done.wait(harness.TIMEOUT_S)
    return done.pid


def test_descriptors_of_an_id_that_was_a_strangers():
    if not os.path.exists("/proc/sys/kernel/ns_last_pid"):
        pytest.skip("this kernel does not let anybody choose a process id")
    target = harness.start(["/usr/bin/python3", "-B", "-c", FORKS], stdin=subprocess.PIPE)
    again = []

    def action(tracer):
        # Another process may be quicker to get the id.
        for _ in range(50):
            wanted = a_stranger()
            target.stdin.write(f"{wanted}\n".encode())
            target.stdin.flush()
            if int(target.stdout.readline()) == wanted:
                again.append(wanted)
                break
        stop(tracer)

    try:
        result = harness.trace(str(target.pid), ["--kinds", "fd"], action)
    finally:
        harness.drop(target)
    assert result.status == 0, result.stderr[-3000:]
    assert again
    assert sum(site["live_count"] for site in sites_of(result.report, "fd", again[0]) if site["role"] == "held") == 1


def test_descriptors_of_who_never_pauses():
    """leaktrace sees it call before it is followed."""
    target = harness.start_waiting(["/usr/bin/python3", "-B", "-c", CALLS_ON])

    def action(tracer):
        time.sleep(0.5)
        stop(tracer)

    try:
        result = harness.trace(str(target.pid), ["--kinds", "fd"], action)
    finally:
        harness.drop(target)
    assert result.status == 0, result.stderr[-3000:]
    assert result.report["processes"][0]["totals"]["fd"]["acquired_count"] > 100


# ---- held against the kernel -----------------------------------------------------------


def open_descriptors(pid):
    return {int(name) for name in os.listdir(f"/proc/{pid}/fd")}


def reported_descriptors(report, pid):
    return {resource["fd"]: site["role"] for site in sites_of(report, "fd", pid) for resource in site["resources"]}


DESCRIPTORS = """
import os, select, socket, subprocess, sys, tempfile
old = open("/etc/passwd")
gone = open("/etc/group")
print("ready", flush=True)
sys.stdin.readline()
gone.close()
kept = [open("/etc/hostname") for i in range(3)]
for i in range(200):
    with open("/dev/null"), socket.socket() as s, tempfile.TemporaryFile(): pass
server = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(server.getsockname())
peer, _ = server.accept()
pair = socket.socketpair()
pipe = os.pipe()
poll = select.epoll()
socket.send_fds(pair[0], [b"x"], [kept[0].fileno(), pipe[0]])
received = socket.recv_fds(pair[1], 1, 5)[1]
for i in range(5): subprocess.run(["/bin/true"], stdin=subprocess.DEVNULL, capture_output=True)
child = subprocess.Popen(["/bin/sleep", "60"], stdout=subprocess.PIPE)
extra = os.dup(pipe[1])
print("done", flush=True)
sys.stdin.readline()
child.kill()
"""


def test_descriptors_equal_proc():
    target = harness.start_waiting(["/usr/bin/python3", "-B", "-c", DESCRIPTORS])
    truth = []

    def action(tracer):
        harness.begin(target)
        harness.await_line(target, b"done\n")
        truth.extend(open_descriptors(target.pid))
        stop(tracer)

    try:
        result = harness.trace(str(target.pid), ["--kinds", "fd", "--no-follow"], action)
    finally:
        harness.drop(target)
    assert result.status == 0, result.stderr[-3000:]
    found = reported_descriptors(result.report, target.pid)
    assert set(found) == set(truth)
    assert sum(role == "before" for role in found.values()) == 1
    assert sum(role == "held" for role in found.values()) == len(truth) - 4
    names = [resource["name"] for site in sites_of(result.report, "fd") for resource in site["resources"]]
    for start in ("/etc/passwd", "/etc/hostname", "tcp 127.0.0.1:", "unix", "pipe:[", "eventpoll"):
        assert any(name.startswith(start) for name in names), (start, names)
    assert any("ESTABLISHED" in name for name in names) and any("LISTEN" in name for name in names)
    assert_lossless(result.report)


def mapped_bytes(pid):
    """Bytes by range of everything but heap segment, stack and the kernel's own."""
    total = 0
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        for line in maps:
            fields = line.split()
            if len(fields) > 5 and fields[5].startswith("["):
                continue
            first, last = (int(part, 16) for part in fields[0].split("-"))
            total += last - first
    return total


@pytest.mark.parametrize("kinds", ["mmap", "heap,mmap,thread"])
def test_mappings_equal_proc(kinds):
    """Threads map, unmap in part, replace, move and resize at random, load and unload libraries."""
    target = harness.start_waiting([harness.program_path("mapping_storm"), "--wait"])
    truth = []

    def action(tracer):
        before = mapped_bytes(target.pid)
        harness.begin(target)
        harness.await_line(target, b"done\n")
        truth.append(mapped_bytes(target.pid) - before)
        stop(tracer)

    try:
        result = harness.trace(str(target.pid), ["--kinds", kinds], action)
    finally:
        harness.drop(target)
    assert result.status == 0, result.stderr[-3000:]
    process, = result.report["processes"]
    totals = process["totals"]["mmap"]
    # What it unmapped of before the trace is less now, and was never ours.
    assert sum(site["live_bytes"] for site in sites_of(result.report, "mmap")) == truth[0] == totals["live_bytes"]
    assert totals["acquired_bytes"] - totals["released_bytes"] == totals["live_bytes"]
    assert totals["acquired_count"] - totals["released_count"] == totals["live_count"]
    assert totals["acquired_count"] > 10000 and totals["peak_bytes"] >= totals["live_bytes"]
    assert_lossless(result.report)


def test_mapping_roles():
    """malloc's large block is a block and no mapping; libraries and stacks are nobody's leak."""
    script = "import ctypes, threading\nlibc = ctypes.CDLL('libc.so.6')\nlibc.malloc(1 << 20)\nimport sqlite3\n" \
             "t = threading.Thread(target=lambda: None)\nt.start()\nt.join()\n"
    result = harness.run(["--kinds", "heap,mmap,thread"], ["/usr/bin/python3", "-S", "-B", "-c", script])
    assert result.status == 0
    roles = {}
    for site in sites_of(result.report, "mmap"):
        roles[site["role"]] = roles.get(site["role"], 0) + site["live_bytes"]
    assert roles["allocator"] > 1 << 20 and roles["linker"] > 1 << 20 and roles["thread stack"] > 1 << 20
    blocks = [site for site in sites_of(result.report, "heap") if any(r["size"] == 1 << 20 for r in site["resources"])]
    assert len(blocks) == 1


@pytest.mark.parametrize("grows", [True, False])
def test_threads_grow(grows):
    """A thread every tenth of a second that never ends, against a pool made at the start."""
    body = "start(); time.sleep(0.1)" if grows else "time.sleep(0.1)"
    script = ("import os, threading, time\nwait = threading.Event()\n"
              "def start(): threading.Thread(target=wait.wait, daemon=True).start()\n"
              f"for i in range({2 if grows else 8}): start()\nfor i in range(8): {body}\nos._exit(0)\n")
    result = harness.run(["--kinds", "thread"], ["/usr/bin/python3", "-S", "-B", "-c", script])
    site, = [site for site in sites_of(result.report, "thread") if site["live_count"] > 2]
    assert site["role"] == "running" and site["growing"] == grows
    assert ("ever more of them" in result.stderr) == grows


@pytest.mark.parametrize("linkage", ["dynamic", "static"])
def test_threads_of_musl(linkage, tmp_path):
    """Another library's handles and attributes; one that has no unwind information."""
    program = str(tmp_path / "tasks")
    subprocess.run([need_program("musl-gcc"), "-D_GNU_SOURCE", "-O1", "-g", "-fno-builtin", "-fno-optimize-sibling-calls",
                    *(["-static"] if linkage == "static" else []), "-I", harness.SOURCES,
                    os.path.join(harness.SOURCES, "tasks.c"), "-o", program], check=True)
    expected = {"joined": {}, "detached": {}, "detached_self": {}, "unjoined": {"unjoined": 2}, "running": {"running": 2},
                "c11": {"unjoined": 1}, "many": {"unjoined": 50}}
    for case, roles in expected.items():
        result = harness.run(["--kinds", "thread"], [program, case])
        assert result.status == 0, result.stderr
        found = {}
        for site in sites_of(result.report, "thread"):
            found[site["role"]] = found.get(site["role"], 0) + site["live_count"]
        assert found == roles, case


def test_mapping_roles_by_frames():
    """The same when mappings alone are traced: whose they are, the functions under them say."""
    script = ("import ctypes, mmap, threading\nlibc = ctypes.CDLL('libc.so.6')\nlibc.malloc(1 << 20)\n"
              "t = threading.Thread(target=lambda: None)\nt.start()\nt.join()\nimport os, sqlite3\n"
              "own = mmap.mmap(-1, 12288)\nos._exit(0)\n")
    result = harness.run(["--kinds", "mmap"], ["/usr/bin/python3", "-S", "-B", "-c", script])
    assert result.status == 0
    roles = {}
    for site in sites_of(result.report, "mmap"):
        roles.setdefault(site["role"], []).extend(resource["size"] for resource in site["resources"])
    assert any(size > 1 << 20 for size in roles["allocator"])
    assert any(size >= 1 << 20 for size in roles["thread stack"]) and roles["linker"]
    assert 12288 in roles["held"] and not any((1 << 20) < size < (1 << 20) + 8192 for size in roles["held"])


# ---- held against Valgrind -------------------------------------------------------------


@pytest.mark.parametrize("case", ["opened", "sockets", "accepted", "pipes", "duplicates", "onto", "closed_range", "rights", "deleted"])
def test_descriptors_equal_valgrind(case):
    command = [harness.program_path("descriptors"), case]
    launch = [need_program("valgrind"), "--track-fds=yes", "--leak-check=no"]
    done = subprocess.run([*launch, *command], capture_output=True, text=True, timeout=harness.TIMEOUT_S, check=True, stdin=subprocess.DEVNULL)
    theirs = {}
    for number, rest in re.findall(r"Open (?:file descriptor|AF_\w+ socket) (\d+):([^\n]*\n(?:==\d+==  +[^\n]+\n)*)", done.stderr):
        if "inherited from parent" not in rest and int(number) > 2:
            theirs[int(number)] = re.findall(r"(?:at|by) 0x[0-9A-F]+: (\w+)", rest)
    result = harness.run(["--kinds", "fd"], command, stdin=subprocess.DEVNULL)
    ours = {resource["fd"]: [frame["function"] for frame in site["stack"]]
            for site in sites_of(result.report, "fd") if site["role"] == "held" for resource in site["resources"]}
    assert set(ours) == set(theirs), done.stderr
    for number, names in theirs.items():
        program = [name for name in names if name not in ("_start", "(below main)")]
        assert [name for name in program if name in ours[number]][-1:] == ["main"], (number, names, ours[number])


# ---- servers ---------------------------------------------------------------------------


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def await_port(server, port):
    end = time.monotonic() + 20
    while time.monotonic() < end and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"no server at port {port}")


def test_redis_connections(tmp_path):
    """Ten times 500 connections come and go: what is open is reported, nothing else."""
    port = free_port()
    client = [need_program("redis-benchmark"), "-p", str(port), "-c", "500", "-n", "2000", "-q", "-t", "ping"]
    server = harness.start([need_program("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                            "--dir", str(tmp_path)], stdout=subprocess.DEVNULL)
    truth = []

    def load(tracer):
        for _ in range(10):
            harness.finish(harness.start(client))
        time.sleep(0.5)
        truth.extend(open_descriptors(server.pid))
        stop(tracer)

    try:
        await_port(server, port)
        result = harness.trace(str(server.pid), ["--kinds", "fd,mmap"], load)
    finally:
        harness.end_group(server)
        server.stderr.close()
    assert result.status == 0 and result.report, result.stderr[-3000:]
    assert set(reported_descriptors(result.report, server.pid)) == set(truth)
    totals = result.report["processes"][0]["totals"]["fd"]
    assert totals["acquired_count"] >= 5000 and totals["acquired_count"] - totals["released_count"] == totals["live_count"]
    assert_lossless(result.report, ("stacks_no_mapping",))


def test_nginx_reload(tmp_path):
    """A reload makes new workers and ends the old ones: each has its own books."""
    nginx = need_program("nginx")
    port = free_port()
    config = tmp_path / "nginx.conf"
    config.write_text(f"pid {tmp_path}/pid;\nerror_log {tmp_path}/error.log;\nworker_processes 2;\nuser root;\nevents {{}}\n"
                      f"http {{ access_log off; server {{ listen 127.0.0.1:{port}; location / {{ return 200 'x'; }} }} }}\n")
    server = harness.start([nginx, "-c", str(config), "-e", f"{tmp_path}/error.log", "-g", "daemon off;"], stdout=subprocess.DEVNULL)
    truth = []

    def load(tracer):
        for _ in range(2):
            server.send_signal(signal.SIGHUP)
            time.sleep(1)
            await_port(server, port)
        truth.extend(open_descriptors(server.pid))
        stop(tracer)

    try:
        await_port(server, port)
        result = harness.trace(str(server.pid), ["--kinds", "fd,mmap"], load)
    finally:
        harness.end_group(server)
        server.stderr.close()
    assert result.status == 0 and result.report, result.stderr[-3000:]
    assert set(reported_descriptors(result.report, server.pid)) == set(truth)
    assert len({process["pid"] for process in result.report["processes"]}) >= 5
    assert not [site for site in sites_of(result.report, "fd") if site["role"] == "unseen"]


@pytest.mark.parametrize("closes", [True, False])
def test_client_loop(closes, tmp_path):
    """A loop of requests, with and without closing: ten connections are left, or none."""
    port = free_port()
    server = harness.start(["/usr/bin/python3", "-m", "http.server", str(port), "--bind", "127.0.0.1", "-d", str(tmp_path)],
                           stdout=subprocess.DEVNULL)
    (tmp_path / "page").write_text("x" * 100)
    script = ("import os, socket, sys\nkept = []\nfor i in range(10):\n"
              "    s = socket.create_connection(('127.0.0.1', int(sys.argv[1])))\n"
              "    s.sendall(b'GET /page HTTP/1.0\\r\\n\\r\\n')\n    s.recv(10)\n"
              f"    {'s.close()' if closes else 'kept.append(s)'}\nos._exit(0)\n")
    try:
        await_port(server, port)
        result = harness.run(["--kinds", "fd"], ["/usr/bin/python3", "-S", "-B", "-c", script, str(port)])
    finally:
        harness.end_group(server)
        server.stderr.close()
    assert result.status == 0
    left = [resource["name"] for site in sites_of(result.report, "fd") if site["role"] == "held" for resource in site["resources"]]
    assert len(left) == (0 if closes else 10), left
    assert all(name.startswith("tcp 127.0.0.1:") and f"-> 127.0.0.1:{port}" in name for name in left)
