# SPDX-License-Identifier: GPL-2.0-or-later
"""True stacks: held against a debugger's, in all situations that a stack may be in; at
every instruction; and complete in real programs.

The programs of tests/programs/unwind are compiled here, in many ways.
"""

import collections
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

FOLDER = os.path.join(harness.SOURCES, "unwind")
# The share of allocations whose stack must be whole.
COMPLETE = 0.995

Variant = collections.namedtuple("Variant", "name source compiler flags")
Stack = collections.namedtuple("Stack", "names truncated")


# ---- names -----------------------------------------------------------------------------


OPERATOR = re.compile(r"\boperator\s*(\(\)|\[\]|<=>|<<=?|>>=?|->\*?|<=?|>=?)")
CLONES = re.compile(r"(\.(part|constprop|isra|cold|lto_priv|llvm)(\.\d+)*)+$")


def plain(name):
    """What two tools agree on in a name: the function's own, without what they spell differently.

    - C++: scopes, parameters, template arguments, what is returned. Debug information has
      the last name of an inlined function alone, a symbol has everything.
    - What a compiler appends to its clones of a function.
    - Of glibc's aliases of one address each tool takes another: __GI_raise, raise;
      __libc_start_main_impl, __libc_start_main; __clone3, clone3.
    """
    if not name:
        return None
    name = OPERATOR.sub("operator", re.sub(r" \[clone [^]]*\]", "", name))
    depth, kept = 0, []
    for letter in name:
        depth += letter in "<({"
        if not depth:
            kept.append(letter)
        depth -= letter in ">)}"
    words = [word for word in "".join(kept).split() if word not in ("const", "volatile")]
    name = CLONES.sub("", words[-1].split("::")[-1]) if words else ""
    return re.sub(r"_impl$", "", re.sub(r"^(__GI)?_+", "", name))


# ---- what the debugger says ------------------------------------------------------------


# Stops at each entry of leak_here, whose argument tells which stack it is. Frames of
# tail calls are the debugger's inference: they are not on the stack.
DEBUGGER = """
import gdb
import json

stacks = {}
for setting in ("pagination off", "confirm off", "backtrace past-main on", "backtrace past-entry on",
                "backtrace limit 400", "startup-with-shell off", "debuginfod enabled off"):
    gdb.execute("set " + setting)
gdb.execute("handle all nostop noprint pass")

def name_of(frame):
    return "<signal>" if frame.type() == gdb.SIGTRAMP_FRAME else frame.name()

class Stop(gdb.Breakpoint):
    def stop(self):
        frame, names = gdb.newest_frame(), []
        while frame is not None:
            if frame.type() != gdb.TAILCALL_FRAME:
                names.append(name_of(frame))
            frame = frame.older()
        stacks[int(gdb.parse_and_eval("$rdi"))] = names
        return False

Stop("*leak_here", internal=True)
gdb.execute("run")
with open(RESULT, "w") as result:
    json.dump(stacks, result)
"""


def debugger_stacks(command, folder):
    gdb = shutil.which("gdb")
    if not gdb:
        pytest.skip("gdb is not installed")
    script, result = folder / "stacks.py", folder / "stacks.json"
    script.write_text(f"RESULT = {str(result)!r}\n{DEBUGGER}")
    process = harness.start([gdb, "-nx", "-q", "-batch", "-x", str(script), "--args", *command])
    _, stdout, stderr = harness.finish(process)
    assert result.exists(), harness.decode(stdout + stderr)[-3000:]
    found = {int(size): names for size, names in json.loads(result.read_text()).items()}
    assert found, harness.decode(stdout + stderr)[-3000:]
    return found


# ---- what leaktrace says ---------------------------------------------------------------


def sites_of(report):
    return [site for process in report["processes"] for site in process["sites"] if site["kind"] == "heap"]


def names_of(site):
    return [frame.get("function") for frame in site["stack"]]


def leaktrace_stacks(command):
    result = harness.run([], command)
    assert result.status == 0 and result.report, f"status {result.status}\n{result.stderr[-3000:]}"
    stacks = {}
    for site in sites_of(result.report):
        names = names_of(site)
        for size in {block["size"] for block in site["resources"] if names[:1] == ["leak_here"]}:
            assert size not in stacks, f"two stacks of {size} bytes"
            stacks[size] = Stack(names, site["truncated"])
    return stacks, result.report["losses"]


# ---- situations ------------------------------------------------------------------------


C_SITUATIONS = range(1000, 1025)
INTO_CONTEXT = 1025
LIBRARIES = {"first": 1026, "second": 1027}
CXX_SITUATIONS = range(2000, 2017)
DEEP = 1006
FRAMES_MAX = 127
GLIBC = ["-DWITH_CONTEXT"]
DYNAMIC = [*GLIBC, "-DWITH_DLOPEN", "-rdynamic"]


def frame_pointer_flags():
    for compiler in ("gcc", "clang"):
        for level in ("-O0", "-O2", "-O3"):
            for word in ("omit", "no-omit"):
                yield compiler, level, f"-f{word}-frame-pointer"


def variants():
    for compiler, level, pointer in frame_pointer_flags():
        name = f"{compiler}{level}-{'nofp' if 'no-' not in pointer else 'fp'}"
        yield Variant(name, "situations.c", compiler, [level, pointer, *DYNAMIC])
    for compiler in ("gcc", "clang"):
        for name, flags in {
            "cet": ["-fcf-protection=full", *DYNAMIC],
            "no-pie": ["-fcf-protection=none", "-no-pie", "-fno-pie", *DYNAMIC],
            "static": ["-static", *GLIBC],
            "static-pie": ["-static-pie", "-fPIE", *GLIBC],
            "avx2": ["-mavx2", *DYNAMIC],
            "lazy": ["-Wl,-z,lazy", *DYNAMIC],
        }.items():
            yield Variant(f"{compiler}-{name}", "situations.c", compiler, ["-O2", *flags])
        yield Variant(f"{compiler}-avx2-O0", "situations.c", compiler, ["-O0", "-mavx2", *DYNAMIC])
    for compiler in ("g++", "clang++"):
        for level in ("-O0", "-O2", "-O3"):
            yield Variant(compiler + level, "situations_cxx.cc", compiler, ["-std=c++17", level])
        yield Variant(compiler + "-static", "situations_cxx.cc", compiler, ["-std=c++17", "-O2", "-static"])


def compile_program(variant, folder, more=()):
    if not shutil.which(variant.compiler):
        pytest.skip(f"{variant.compiler} is not installed")
    if "-mavx2" in variant.flags and " avx2 " not in open("/proc/cpuinfo", encoding="utf-8").read():
        pytest.skip("this processor has no AVX2")
    program = str(folder / "program")
    command = [variant.compiler, "-D_GNU_SOURCE", "-g", "-pthread", *variant.flags, *more,
               os.path.join(FOLDER, variant.source), "-o", program]
    made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=harness.TIMEOUT_S)
    assert made.returncode == 0, f"{' '.join(command)}\n{made.stderr}"
    return program


def compile_library(compiler, name, frame, folder):
    path = str(folder / f"lib{name}.so")
    subprocess.run([compiler, "-g", "-O2", "-shared", "-fPIC", f"-DPREFIX={name}", f"-DFRAME={frame}",
                    f"-DSIZE={LIBRARIES[name]}", os.path.join(FOLDER, "library.c"), "-o", path], check=True)
    return path


def expected_situations(variant, libraries=()):
    if variant.source.endswith(".cc"):
        return set(CXX_SITUATIONS)
    context = {INTO_CONTEXT} if "-DWITH_CONTEXT" in variant.flags else set()
    return set(C_SITUATIONS) | context | {LIBRARIES[name] for name in libraries}


def wanted_names(situation, names):
    wanted = ["restore_rt" if name == "<signal>" else plain(name) for name in names]
    if situation == INTO_CONTEXT:
        # Nothing called the first function of a context, and glibc's code behind it has no
        # information at its first byte. Neither tool sees more than an address there.
        return wanted[:wanted.index(None) + 1]
    return wanted


def compare_situations(ours, theirs):
    differences = []
    for situation in sorted(theirs):
        wanted = wanted_names(situation, theirs[situation])
        if situation not in ours:
            differences.append(f"{situation}: gdb  {wanted}\n      ours none")
            continue
        got, cut = [plain(name) for name in ours[situation].names], ours[situation].truncated
        if situation == DEEP and len(got) >= FRAMES_MAX:
            wanted = wanted[:len(got)]
        if got != wanted or cut != (situation in (DEEP, INTO_CONTEXT)):
            differences.append(f"{situation}: gdb  {wanted}\n      ours {got} {'cut' if cut else 'whole'}")
    return differences


@pytest.mark.parametrize("variant", list(variants()), ids=lambda variant: variant.name)
def test_situations(variant, tmp_path):
    """The same functions as in a debugger, from the allocation down to the first function."""
    libraries = ["first"] if "-DWITH_DLOPEN" in variant.flags else []
    command = [compile_program(variant, tmp_path)]
    command += [compile_library(variant.compiler, name, 64, tmp_path) for name in libraries]
    theirs = debugger_stacks(command, tmp_path)
    assert set(theirs) == expected_situations(variant, libraries)
    ours, losses = leaktrace_stacks(command)
    differences = compare_situations(ours, theirs)
    assert not differences, "\n" + "\n".join(differences)
    cut = {name: count for name, count in losses.items() if name.startswith("stacks_") and count}
    if variant.source.endswith(".c"):
        assert cut.pop("stacks_too_deep") > 0
    assert sum(cut.values()) <= (INTO_CONTEXT in theirs), cut


@pytest.mark.parametrize("frames", [(64, 512), (64, 64)], ids=["other-frames", "same-frames"])
def test_library_in_anothers_place(frames, tmp_path):
    """A library is closed, another one is loaded at its address: each has its own names, even
    where the return addresses are the same."""
    variant = Variant("libraries", "situations.c", "gcc", ["-O2", *DYNAMIC])
    command = [compile_program(variant, tmp_path)]
    command += [compile_library("gcc", name, frame, tmp_path) for name, frame in zip(LIBRARIES, frames)]
    theirs = debugger_stacks(command, tmp_path)
    assert set(theirs) == expected_situations(variant, LIBRARIES)
    ours, _ = leaktrace_stacks(command)
    differences = compare_situations(ours, theirs)
    assert not differences, "\n" + "\n".join(differences)


# ---- musl ------------------------------------------------------------------------------


@pytest.mark.parametrize("linkage", ["dynamic", "static"])
def test_musl(linkage, tmp_path):
    """musl has no unwind information: a stack ends where its code called the program's. Up to
    there it is the debugger's, and that it was cut is said."""
    variant = Variant("musl", "situations.c", "musl-gcc", ["-O2", *(["-static"] if linkage == "static" else [])])
    command = [compile_program(variant, tmp_path)]
    theirs = debugger_stacks(command, tmp_path)
    ours, losses = leaktrace_stacks(command)
    assert set(ours) == set(theirs) == expected_situations(variant)
    for situation, stack in ours.items():
        names = [plain(name) for name in stack.names]
        wanted = wanted_names(situation, theirs[situation])
        assert stack.truncated, f"{situation}: {names}"
        assert len(names) > 2 and names[:-1] == wanted[:len(names) - 1], f"{situation}: gdb  {wanted}\n      ours {names}"
    assert losses["stacks_no_rule"] >= len(ours) - 1 and losses["stacks_too_deep"] == 1


# ---- every instruction -----------------------------------------------------------------


# Who may call whom; a jump at a function's end leaves its caller out.
STEPPED_ORDER = (["leaf", "middle", "outer"], ["leaf", "compare"], ["leaf", "with_array"],
                 ["leaf", "with_alignment", "tail_jumps"])
STEPPED_OWN = {name for order in STEPPED_ORDER for name in order}
BELOW = ["stepped", "main", "libc_start_call_main", "libc_start_main", "start"]


def is_subsequence(part, whole):
    rest = iter(whole)
    return all(name in rest for name in part)


def step_variants():
    for compiler, level, pointer in frame_pointer_flags():
        name = f"{compiler}{level}-{'nofp' if 'no-' not in pointer else 'fp'}"
        yield Variant(name, "steps.c", compiler, [level, pointer])
    for compiler in ("gcc", "clang"):
        yield Variant(compiler + "-cet-lazy", "steps.c", compiler, ["-O2", "-fcf-protection=full", "-Wl,-z,lazy"])
        yield Variant(compiler + "-static", "steps.c", compiler, ["-O2", "-static"])


@pytest.mark.parametrize("variant", list(step_variants()), ids=lambda variant: variant.name)
def test_every_instruction(variant, tmp_path):
    """Interrupted at each instruction, prologues, epilogues and libc's assembly included, the
    stack leads through the functions that are running."""
    result = harness.run([], [compile_program(variant, tmp_path)])
    assert result.status == 0 and result.report, result.stderr[-3000:]
    steps, jumps, seen = 0, 0, set()
    for site in sites_of(result.report):
        names = [plain(name) for name in names_of(site)]
        if names[0] != "step_here":
            continue
        if "-static" in variant.flags and site["truncated"] and len(names) == 4:
            # Between two functions of a static program: a jump through a table that the start-up
            # code filled (an IRELATIVE relocation), for which linkers write no information.
            jumps += site["live_count"]
            continue
        assert not site["truncated"], names
        assert names[1:3] == ["on_step", "restore_rt"], names
        below = BELOW if "stepped" in names else BELOW[1:]
        assert names[-len(below):] == below, names
        own = [name for name in names[3:-len(below)] if name in STEPPED_OWN]
        assert any(is_subsequence(own, order) for order in STEPPED_ORDER), names
        steps += site["live_count"]
        seen |= set(own)
    assert steps > 500 and jumps < steps / 20
    assert seen >= {"leaf", "middle", "outer", "compare", "with_array", "with_alignment"}


# ---- real programs ---------------------------------------------------------------------


SQL = """
create table numbers(n integer primary key, name text);
with recursive counted(n) as (select 1 union all select n + 1 from counted where n < 5000)
    insert into numbers select n, 'row ' || n from counted;
create index by_name on numbers(name);
select count(*), sum(n) from numbers where name like '%7%';
"""
PYTHON = "import json, re\nfor i in range(40): json.loads(json.dumps({str(k): [k] * 3 for k in range(i)}))"
PERL = "my %t; $t{$_} = 'x' x ($_ % 50) for 1..5000; print scalar(sort { $a <=> $b } keys %t);"
NODE = """
const list = [];
for (let i = 0; i < 3000; i++)
    list.push({ i, text: 'x' + i });
JSON.parse(JSON.stringify(list)).sort((a, b) => a.text < b.text ? -1 : 1);
Buffer.from(JSON.stringify(list)).toString('base64').replace(/[a-f]+/g, text => text.toUpperCase());
"""
PROGRAMS = {
    "jq": ["jq", "-n", "[range(5000) | {a: ., b: tostring}] | map(.b) | length"],
    "sqlite3": ["sqlite3", ":memory:", SQL],
    "python3": ["/usr/bin/python3", "-S", "-B", "-c", PYTHON],
    "perl": ["perl", "-e", PERL],
    "node": ["node", "-e", NODE],
}


def completeness(report):
    """The share of acquisitions whose stack is whole, and what the others lack."""
    acquired = sum(process["totals"]["heap"]["acquired_count"] for process in report["processes"])
    cut = {name: count for name, count in report["losses"].items() if name.startswith("stacks_") and count}
    return acquired, 1 - sum(cut.values()) / acquired, cut


def assert_complete(name, report, least):
    acquired, share, cut = completeness(report)
    print(f"{name}: {acquired} allocations, {share:.5%} with whole stacks, {cut}")
    assert acquired >= least
    assert share >= COMPLETE, cut


def need_program(name):
    path = shutil.which(name)
    if not path:
        pytest.skip(f"{name} is not installed")
    return path


def run_complete(name, command, least, **how):
    result = harness.run([], command, stdout=subprocess.DEVNULL, **how)
    assert result.status == 0 and result.report, result.stderr[-3000:]
    assert_complete(name, result.report, least)


@pytest.mark.parametrize("name", sorted(PROGRAMS))
def test_complete(name):
    need_program(PROGRAMS[name][0])
    run_complete(name, PROGRAMS[name], 5000, env={"PYTHONMALLOC": "malloc"})


def commits(count):
    """A stream for git-fast-import."""
    for i in range(count):
        text = "".join(f"line {line} of {i}\n" for line in range(i))
        yield (f"commit refs/heads/main\ncommitter A <a@example.org> {946684800 + i} +0000\ndata 3\nc{i % 10}\n"
               f"M 644 inline file{i % 7}\ndata {len(text)}\n{text}\n")


def test_complete_git(tmp_path):
    git = need_program("git")
    path = str(tmp_path / "repository")
    subprocess.run([git, "init", "-q", "-b", "main", path], check=True)
    subprocess.run([git, "-C", path, "fast-import", "--quiet"], check=True, input="".join(commits(100)).encode())
    run_complete("git", [git, "-C", path, "--no-pager", "log", "-p", "--stat"], 3000)


def test_complete_compiler(tmp_path):
    """The compiler, with what it starts."""
    source = tmp_path / "source.c"
    source.write_text("#include <stdio.h>\n#include <stdlib.h>\n"
                      "int main(int argc, char **argv) { for (int i = 0; i < argc; i++) puts(argv[i]); return 0; }\n")
    run_complete("cc1", [need_program("gcc"), "-O2", "-c", str(source), "-o", str(tmp_path / "source.o")], 5000)


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


def test_complete_redis(tmp_path):
    """Attached to under load."""
    port = free_port()
    client = [need_program("redis-benchmark"), "-p", str(port), "-n", "4000", "-q", "-t", "set,lpush,hset", "-r", "1000"]
    server = harness.start([need_program("redis-server"), "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                            "--dir", str(tmp_path)], stdout=subprocess.DEVNULL)

    def load(tracer):
        harness.finish(harness.start(client))
        tracer.send_signal(signal.SIGINT)

    try:
        await_port(server, port)
        result = harness.trace(str(server.pid), [], load)
    finally:
        harness.end_group(server)
        server.stderr.close()
    assert result.status == 0 and result.report, result.stderr[-3000:]
    assert_complete("redis", result.report, 5000)
