# SPDX-License-Identifier: GPL-2.0-or-later
"""Names of frames: wherever debugging information lies, in every language, of code that was
replaced or never was in a file.

The programs of tests/programs/names are compiled here.
"""

import contextlib
import glob
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.request

import pytest

import harness

FOLDER = os.path.join(harness.SOURCES, "names")
DEBUG_ROOT = "/usr/lib/debug"
IN_PROGRAM, IN_LIBRARY, IN_CXX, IN_RUST, IN_JIT = range(1001, 1006)


def shell(command, folder):
    made = subprocess.run(["sh", "-ec", command], cwd=folder, capture_output=True, text=True, check=False,
                          timeout=harness.TIMEOUT_S)
    assert made.returncode == 0, f"{command}\n{made.stdout}{made.stderr}"
    return made.stdout


def need_tool(name):
    if not shutil.which(name):
        pytest.skip(f"{name} is not installed")


def compile_c(folder, name, flags="-O2 -g"):
    shell(f"gcc -D_GNU_SOURCE -Wall -Wextra {flags} {FOLDER}/{name}.c -o {name}", folder)
    return str(folder / name)


def compile_library(folder, function, flags="", name="library.so"):
    shell(f"gcc -O2 -fPIC -shared -DFUNCTION={function} {flags} {FOLDER}/library.c -o {name}", folder)
    return str(folder / name)


def line_of(name, marker):
    with open(os.path.join(FOLDER, name), encoding="utf-8") as source:
        return next(number for number, line in enumerate(source, 1) if f"/* {marker} */" in line)


def await_true(condition, what):
    end = time.monotonic() + harness.TIMEOUT_S
    while not condition():
        assert time.monotonic() < end, f"not in time: {what}"
        time.sleep(0.05)


# ---- frames ----------------------------------------------------------------------------


def frames_of(result, size):
    assert result.report, f"status {result.status}\n{result.stderr[-3000:]}"
    found = [site["stack"] for process in result.report["processes"] for site in harness.heap_sites(process)
             if size in {resource.get("size") for resource in site["resources"]}]
    assert len(found) == 1, f"{len(found)} sites of {size} bytes"
    return found[0]


def functions_of(result, size):
    return [frame["function"] for frame in frames_of(result, size)]


def short(frame):
    return (frame["function"], os.path.basename(frame["file"] or ""), frame["line"], frame["inlined"])


def assert_lines(result):
    """All that there is to say: the inlined call, the function around it, and main."""
    assert [short(frame) for frame in frames_of(result, IN_PROGRAM)[:3]] == [
        ("take", "names.c", line_of("names.c", "in take"), True),
        ("hidden", "names.c", line_of("names.c", "in hidden"), False),
        ("main", "names.c", line_of("names.c", "in main"), False)]


def assert_nameless(result, address, size):
    """No name, no line: the address in the file, which names it to who has the symbols."""
    frame = frames_of(result, IN_PROGRAM)[0]
    assert (frame["function"], frame["file"], frame["line"], frame["inlined"]) == (None, None, None, False)
    assert address < frame["offset"] <= address + size, frame


def symbol_of(path, name):
    for line in shell(f"nm -S {path}", "/").splitlines():
        words = line.split()
        if words[-1] == name:
            return int(words[0], 16), int(words[1], 16)
    pytest.fail(f"{path} has no symbol {name}")
    return None


# ---- separate debugging information ----------------------------------------------------


def strip(folder):
    """names without names; names.debug has them. Returns the build-id and where `hidden` is."""
    compile_c(folder, "names", "-O2 -g -Wl,--build-id=sha1")
    hidden = symbol_of(folder / "names", "hidden")
    shell("objcopy --only-keep-debug names names.debug && strip names", folder)
    notes = shell("readelf -n names", folder)
    return notes.split("Build ID:")[1].split()[0], hidden


def add_link(folder):
    shell("objcopy --add-gnu-debuglink=names.debug names", folder)


def run_names(folder, **how):
    return harness.run([], [str(folder / "names")], **how)


def test_without_debug_file(tmp_path):
    _, hidden = strip(tmp_path)
    add_link(tmp_path)
    os.unlink(tmp_path / "names.debug")
    assert_nameless(run_names(tmp_path), *hidden)


@pytest.mark.parametrize("subfolder", [".", ".debug"])
def test_debuglink(subfolder, tmp_path):
    _, hidden = strip(tmp_path)
    add_link(tmp_path)
    shell(f"mkdir -p {subfolder} && [ -e {subfolder}/names.debug ] || mv names.debug {subfolder}", tmp_path)
    assert_lines(run_names(tmp_path))
    # Another file than the one that was linked.
    shell(f"echo >>{subfolder}/names.debug", tmp_path)
    assert_nameless(run_names(tmp_path), *hidden)


def run_with_debug_root(folder):
    """leaktrace, for whom the debug folder is `folder`/debug."""
    made = not os.path.isdir(DEBUG_ROOT)
    os.makedirs(DEBUG_ROOT, exist_ok=True)
    script = f'mount --bind "$1" {DEBUG_ROOT} && shift && exec "$@"'
    report = str(folder / "report.json")
    command = ["unshare", "--mount", "sh", "-c", script, "sh", str(folder / "debug"), harness.LEAKTRACE,
               "--json", report, "--top", "0", "--", str(folder / "names")]
    try:
        status, stdout, stderr = harness.finish(harness.start(command))
    finally:
        if made:
            os.rmdir(DEBUG_ROOT)
    return harness.Result(status, stdout, harness.decode(stderr), harness.load_report(report))


def test_build_id_folder(tmp_path):
    build_id, hidden = strip(tmp_path)
    place = f"debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug"
    shell(f"mkdir -p {os.path.dirname(place)} && mv names.debug {place}", tmp_path)
    assert_lines(run_with_debug_root(tmp_path))
    # Another build's file in its place.
    shell(f"gcc -g {FOLDER}/names.c -o {place}", tmp_path)
    assert_nameless(run_with_debug_root(tmp_path), *hidden)


def test_debuglink_below_debug_folder(tmp_path):
    strip(tmp_path)
    add_link(tmp_path)
    shell(f"mkdir -p debug{tmp_path} && mv names.debug debug{tmp_path}", tmp_path)
    assert_lines(run_with_debug_root(tmp_path))


def test_mini_debug_info(tmp_path):
    """Functions without lines: GDB's manual, "MiniDebugInfo"."""
    need_tool("xz")
    strip(tmp_path)
    shell("nm names.debug --format=posix --defined-only | awk '$2 ~ /^[Tt]$/ { print $1 }' >kept && "
          "objcopy --strip-all --remove-section=.comment --keep-symbols=kept names.debug mini && xz mini && "
          "objcopy --add-section .gnu_debugdata=mini.xz names", tmp_path)
    result = run_names(tmp_path)
    assert functions_of(result, IN_PROGRAM)[:2] == ["hidden", "main"]
    assert [frame["line"] for frame in frames_of(result, IN_PROGRAM)[:2]] == [None, None]


# ---- debuginfod ------------------------------------------------------------------------


@contextlib.contextmanager
def debug_server(folder, url_path):
    """A server of what is in `folder`, once it gives `url_path`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    server = harness.start(["debuginfod", "-d", str(folder / "server.db"), "-p", str(port), "-F", str(folder / "served")],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))

    def serves():
        assert server.poll() is None
        try:
            opener.open(url + url_path, timeout=5).close()
        except OSError:
            return False
        return True

    try:
        await_true(serves, "the server")
        yield url
    finally:
        harness.end_group(server)


def test_debuginfod(tmp_path):
    need_tool("debuginfod")
    build_id, hidden = strip(tmp_path)
    shell("mkdir served && mv names.debug served", tmp_path)
    env = {"DEBUGINFOD_CACHE_PATH": str(tmp_path / "cache"), "DEBUGINFOD_URLS": "", "no_proxy": "127.0.0.1"}
    with debug_server(tmp_path, f"/buildid/{build_id}/debuginfo") as url:
        assert_nameless(run_names(tmp_path, env=env), *hidden)
        assert not (tmp_path / "cache").exists()
        assert_lines(run_names(tmp_path, env={**env, "DEBUGINFOD_URLS": url}))


# ---- symbol tables ---------------------------------------------------------------------


def test_function_without_line(tmp_path):
    """A symbol table alone names the function and how far in it the call is."""
    address, size = symbol_of(compile_c(tmp_path, "names", "-O2"), "hidden")
    frame = frames_of(run_names(tmp_path), IN_PROGRAM)[0]
    assert (frame["function"], frame["line"], frame["inlined"]) == ("hidden", None, False)
    assert 0 < frame["offset"] <= size, f"{frame}, {address:x}"


def test_symtab_before_dynsym(tmp_path):
    """A function that is not exported is only in .symtab; without that, the one that is stays."""
    program, library = compile_c(tmp_path, "names"), compile_library(tmp_path, "unexported")
    assert functions_of(harness.run([], [program, library]), IN_LIBRARY)[:3] == ["unexported", "enter", "main"]
    shell("strip library.so", tmp_path)
    assert functions_of(harness.run([], [program, library]), IN_LIBRARY)[:3] == [None, "enter", "main"]


def test_symbol_version(tmp_path):
    program = compile_c(tmp_path, "names")
    (tmp_path / "versions").write_text("SHOP_1 { local: *; };\nSHOP_2 { global: enter; } SHOP_1;\n")
    library = compile_library(tmp_path, "unexported", "-DVERSIONED -Wl,--version-script=versions")
    assert "enter@@SHOP_2" in shell("readelf -sW library.so", tmp_path)
    assert functions_of(harness.run([], [program, library]), IN_LIBRARY)[:3] == ["unexported", "enter", "main"]


@pytest.mark.parametrize("flags", ["-g", ""], ids=["dwarf", "symbols"])
def test_cplusplus(flags, tmp_path):
    shell(f"g++ -O2 {flags} {FOLDER}/shelf.cc -o shelf", tmp_path)
    names = {(): "shop::shelf<int>::fill(int, char const*)", ("--no-demangle",): "_ZN4shop5shelfIiE4fillEiPKc"}
    for options, name in names.items():
        assert name in functions_of(harness.run(list(options), [str(tmp_path / "shelf")]), IN_CXX)


@pytest.mark.parametrize("flags", ["", "-C symbol-mangling-version=v0"], ids=["default", "v0"])
def test_rust(flags, tmp_path):
    need_tool("rustc")
    shell(f"rustc -O -g {flags} {FOLDER}/shelf.rs -o shelf", tmp_path)
    mangled = [line.split()[-1] for line in shell("nm shelf", tmp_path).splitlines() if "4shop4fill" in line]
    assert len(mangled) == 1
    command = [str(tmp_path / "shelf")]
    assert "shelf::shop::fill" in functions_of(harness.run([], command), IN_RUST)
    assert mangled[0] in functions_of(harness.run(["--no-demangle"], command), IN_RUST)


# ---- files that were replaced ----------------------------------------------------------


def trace_at_work(command, before=lambda: None, during=lambda: None, pid_of=lambda process: process.pid, **popen):
    """Attaches to a waiting program, lets it work, and reports while it still lives. `before` is
    called when the program waits, `during` when it has worked."""
    target = harness.start(command, stdin=subprocess.PIPE, **popen)
    try:
        harness.await_line(target, b"ready\n")
        before()

        def work(tracer):
            harness.begin(target)
            harness.await_line(target, b"done\n")
            during()
            tracer.send_signal(signal.SIGINT)

        return harness.trace(str(pid_of(target)), [], work)
    finally:
        with contextlib.suppress(OSError):
            harness.begin(target)
        harness.drop(target)


def two_builds(folder):
    """Libraries that differ in a name and in their build-id alone."""
    paths = [compile_library(folder, function, "-Wl,--build-id=0x" + build_id, name + ".so")
             for function, build_id, name in (("first", "1111111111111111", "used"), ("other", "2222222222222222", "later"))]
    assert os.path.getsize(paths[0]) == os.path.getsize(paths[1])
    return paths


@pytest.mark.parametrize("when", ["before", "during"])
def test_file_renamed_over(when, tmp_path):
    """The process keeps the old file, and so its names are those."""
    program, (used, later) = compile_c(tmp_path, "names"), two_builds(tmp_path)
    result = trace_at_work([program, "--wait", "--stay", used], **{when: lambda: os.rename(later, used)})
    assert functions_of(result, IN_LIBRARY)[:3] == ["first", "enter", "main"]


def test_file_overwritten(tmp_path):
    """What the file says now is not about what ran: no name rather than a wrong one."""
    program, (used, later) = compile_c(tmp_path, "names"), two_builds(tmp_path)

    def overwrite():
        with open(later, "rb") as source, open(used, "r+b") as target:
            target.write(source.read())

    result = trace_at_work([program, "--wait", "--stay", used], during=overwrite)
    frames = frames_of(result, IN_LIBRARY)
    assert [frame["function"] for frame in frames[:3]] == [None, None, "main"]
    assert {frame["module"] for frame in frames[:2]} == {used}
    start, size = symbol_of(used, "other")
    assert start < frames[0]["offset"] <= start + size


# ---- other namespaces, code in no file -------------------------------------------------


def only_child(process):
    """The process behind unshare, which it forked."""
    with open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="utf-8") as children:
        return int(children.read())


def contained(script, *arguments):
    """A command for pid and mount namespaces of its own."""
    return ["unshare", "--mount", "--pid", "--fork", "sh", "-ec", script + '; exec "$@"', "sh", *arguments]


def test_debuglink_in_container(tmp_path):
    """The debug file is where only the process sees it."""
    strip(tmp_path)
    add_link(tmp_path)
    command = contained(f"mount -t tmpfs tmpfs /mnt; cp {tmp_path}/names* /mnt", "/mnt/names", "--wait", "--stay")
    assert_lines(trace_at_work(command, pid_of=only_child))


def compile_jit(folder):
    return compile_c(folder, "jit", "-O1 -g -fno-omit-frame-pointer -fcf-protection=none")


def assert_jit(result, name):
    frames = frames_of(result, IN_JIT)
    assert [frame["function"] for frame in frames[:2]] == [name, "main"]
    assert (frames[0]["module"], frames[0]["line"]) == ("[jit]", None)
    assert frames[0]["offset"] > 0


@contextlib.contextmanager
def maps_removed():
    mine = set()
    try:
        yield mine
    finally:
        for path in mine:
            os.unlink(path)


def map_of(pid):
    return f"/tmp/perf-{pid}.map"


def test_jit_map(tmp_path):
    """Of a command that has ended."""
    with maps_removed() as maps:
        result = harness.run([], [compile_jit(tmp_path), "map"])
        maps |= {map_of(process["pid"]) for process in result.report["processes"]}
        assert_jit(result, "LazyCompile:~sell shop.js:3")


def test_jit_map_in_container(tmp_path):
    """By the process's own pid, in its own /tmp; what lies in ours by that name is another's."""
    compile_jit(tmp_path)
    with maps_removed() as maps:

        def misleading(process):
            pid = only_child(process)
            maps.add(map_of(pid))
            with open(map_of(pid), "w", encoding="utf-8") as file:
                file.write("1000 7fffffffe000 outside\n")
            return pid

        result = trace_at_work(contained("mount -t tmpfs tmpfs /tmp", "./jit", "map", "--wait"), pid_of=misleading,
                               cwd=tmp_path)
        assert_jit(result, "LazyCompile:~sell shop.js:3")


def test_jit_dump(tmp_path):
    """Of a process that began to write it before leaktrace came."""
    assert_jit(trace_at_work([compile_jit(tmp_path), str(tmp_path), "--wait"]), "dumped_function")


def test_jit_dump_begun_later(tmp_path):
    """Of a command that lives at the report."""
    program = compile_jit(tmp_path)
    with harness.Scratch() as report:
        tracer = harness.start([harness.LEAKTRACE, "--json", report, "--top", "0", "--duration", "1", "--", program,
                                str(tmp_path), "--wait"], stdin=subprocess.PIPE)
        harness.await_line(tracer, b"ready\n")
        harness.begin(tracer)
        # Until then its standard input stays open, and it lives.
        await_true(lambda: os.path.exists(report) and os.path.getsize(report), "the report")
        status, stdout, stderr = harness.finish(tracer)
        result = harness.Result(status, stdout, harness.decode(stderr), harness.load_report(report))
    assert_jit(result, "dumped_function")


# ---- large files -----------------------------------------------------------------------


def large_library():
    found = [path for pattern in ("libLLVM*.so*", "libnode.so*", "libwebkit2gtk*.so*") for folder in ("*", "")
             for path in glob.glob(os.path.join("/usr/lib", folder, pattern))]
    return max(found, key=os.path.getsize, default=None)


def test_large_library(tmp_path):
    """How long its tables take is shown by the benchmark `attach`."""
    library = large_library()
    if not library or os.path.getsize(library) < 50 << 20:
        pytest.skip("no library of 50 MB or more in /usr/lib")
    result = trace_at_work([compile_c(tmp_path, "names"), "--wait", "--stay", library])
    assert [frame["function"] for frame in frames_of(result, IN_PROGRAM)[:3]] == ["take", "hidden", "main"]
