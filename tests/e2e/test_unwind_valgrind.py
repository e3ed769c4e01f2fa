# SPDX-License-Identifier: GPL-2.0-or-later
"""The stacks of what real programs hold at their end, held against Valgrind's: for each
call site the same functions from the allocation down to the first one, and the same
bytes and blocks."""

import collections
import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree

import pytest

import harness
import test_valgrind
import valgrind
from test_valgrind import fixture_records, fixture_repository  # pylint: disable=unused-import

FOLDER = os.path.join(harness.SOURCES, "unwind")
# Its stacks lead through everything; names are compared as they are in the files.
VALGRIND = ["--leak-check=full", "--show-leak-kinds=all", "--num-callers=127", "--show-below-main=yes",
            "--leak-resolution=high", "--read-inline-info=no", "--demangle=no", "--xml=yes",
            "--run-libc-freeres=no", "--run-cxx-freeres=no", "--error-exitcode=0"]
LEAKTRACE = ["--no-demangle", "--top=0"]

# What a name may begin and end with: of glibc's aliases of one address each tool takes another.
DECORATION = re.compile(r"^(__GI_|__libc_|__)?_*(IO_)?|(_impl|64)$")
# A version; what compilers append to their clones of a function.
CLONES = re.compile(r"(@.*|\.(part|constprop|isra|cold|lto_priv|llvm)(\.\d+)*)+$")
# Complete and base object's constructors and destructors, of one address mostly (Itanium C++ ABI).
CONSTRUCTORS = re.compile(r"([CD])2(?=[EI])")
# Valgrind has no clone3: under it the C library calls clone.
OTHER_CALLS = {"clone3": "clone"}
# A label without a size in the dynamic linker, which Valgrind does not take for a name.
LABELS = {"dl_start_user": None}


Stack = collections.namedtuple("Stack", "names bytes blocks")


def plain(name):
    if not name:
        return None
    name = CONSTRUCTORS.sub(r"\g<1>1", DECORATION.sub("", CLONES.sub("", name)))
    return LABELS.get(name, OTHER_CALLS.get(name, name))


def merge(stacks):
    """Both tools may have several records of the same functions: of other lines, or leak kinds."""
    merged = collections.defaultdict(lambda: [0, 0])
    for stack in stacks:
        merged[stack.names][0] += stack.bytes
        merged[stack.names][1] += stack.blocks
    return {names: tuple(amount) for names, amount in merged.items()}


def real_frames(error):
    """Without Valgrind's own functions (its allocator, what it wraps), and without what it
    takes for frames behind the first function: words in no file."""
    frames = list(error.find("stack").iter("frame"))
    while frames and frames[-1].find("obj") is None:
        frames.pop()
    return [frame for frame in frames if "vgpreload_" not in (frame.findtext("obj") or "")]


def valgrind_stacks(command, env, folder, leave_out):
    log = str(folder / "valgrind.%p.xml")
    launch = [valgrind.tool("valgrind"), *VALGRIND, "--xml-file=" + log, "--"]
    process = harness.start([*valgrind.FIXED, *valgrind.assignments(env), *launch, *command], stdout=subprocess.DEVNULL)
    status, _, stderr = harness.finish(process, valgrind.TIMEOUT_S)
    report = folder / f"valgrind.{process.pid}.xml"
    assert report.exists(), f"status {status}: {harness.decode(stderr)[-2000:]}"
    stacks = []
    for error in ElementTree.parse(report).getroot().iter("error"):
        if not error.findtext("kind").startswith("Leak_"):
            continue
        names = [plain(frame.findtext("fn")) for frame in real_frames(error)]
        # "40 (16 direct, 24 indirect) bytes in 1 blocks are ..."
        direct = re.search(r"\(([\d,]+) direct", error.findtext("xwhat/text"))
        size = valgrind.number(direct[1]) if direct else int(error.findtext("xwhat/leakedbytes"))
        blocks = int(error.findtext("xwhat/leakedblocks"))
        if size != leave_out * blocks:
            stacks.append(Stack(tuple(names), size, blocks))
    return merge(stacks)


def leaktrace_stacks(command, env, leave_out):
    result = harness.run(LEAKTRACE, [*valgrind.FIXED, *valgrind.seen_environment(env), *command],
                         timeout=valgrind.TIMEOUT_S, stdout=subprocess.DEVNULL)
    assert result.report, f"status {result.status}\n{result.stderr[-3000:]}"
    process, = harness.select_processes(result.report, "root")
    stacks = []
    for site in process["sites"]:
        if site["kind"] != "heap" or not site["live_count"]:
            continue
        assert not site["truncated"], [frame["function"] for frame in site["stack"]]
        names = [frame["function"] for frame in site["stack"] if not frame["inlined"]]
        if site["live_bytes"] != leave_out * site["live_count"]:
            stacks.append(Stack(tuple(map(plain, names)), site["live_bytes"], site["live_count"]))
    return merge(stacks)


def describe(names, amounts):
    return f"{amounts[0]} bytes in {amounts[1]} blocks: {' < '.join(name or '?' for name in names)}"


def compare(command, folder, env=None, least=1, leave_out=-1, unless=lambda names: False):
    """`leave_out`: size of blocks that depend on addresses; `unless`: stacks whose blocks do."""
    theirs = valgrind_stacks(command, env, folder, leave_out)
    ours = leaktrace_stacks(command, env, leave_out)
    for stacks in (theirs, ours):
        for names in [names for names in stacks if unless(names)]:
            del stacks[names]
    differences = [f"Valgrind   {describe(names, amount)}" for names, amount in theirs.items() if ours.get(names) != amount]
    differences += [f"leaktrace  {describe(names, amount)}" for names, amount in ours.items() if theirs.get(names) != amount]
    print(f"{len(theirs)} stacks")
    assert not differences, f"{len(differences)} of {len(theirs)} differ:\n" + "\n".join(sorted(differences)[:40])
    assert len(theirs) >= least


def test_jq(records, tmp_path):
    compare([valgrind.tool("jq"), "-c", "select(.id % 1000 == 0) | [.name, .tags]", records], tmp_path)


def test_sqlite(tmp_path):
    compare([valgrind.tool("sqlite3"), ":memory:", test_valgrind.SQL.replace("100000", "1000")], tmp_path)


def test_python(tmp_path):
    """Left without taking down what the interpreter made."""
    env = {"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0", "LD_PRELOAD": harness.program_path("libident.so")}
    script = test_valgrind.PYTHON + "import os, sys\nsys.stdout.flush()\nos._exit(0)\n"
    compare(["/usr/bin/python3", "-S", "-B", "-c", script], tmp_path, env, least=1000,
            # The cache of attributes, which keeps their names, has its slots by address.
            unless=lambda names: names[1] == "PyObject_GetAttrString")


def test_perl(tmp_path):
    env = {"PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"}
    compare([valgrind.tool("perl"), "-e", test_valgrind.PERL.replace("20000", "2000")], tmp_path, env, least=100)


def test_gawk(tmp_path):
    compare([valgrind.tool("gawk"), test_valgrind.GAWK.replace("20000", "2000")], tmp_path, least=5)


def test_git(repository, tmp_path):
    command = [valgrind.tool("git"), "-C", repository, "--no-pager", "log", "-p", "--stat"]
    compare(command, tmp_path, test_valgrind.GIT_ENV, least=10)


def test_xz(records, tmp_path):
    compare([valgrind.tool("xz"), "-T1", "-1", "-c", records], tmp_path)


def test_sort(records, tmp_path):
    compare([valgrind.tool("sort"), "--parallel=1", "-S", "4M", "-r", records], tmp_path)


def test_compiler(tmp_path):
    """The compiler's books of pages depend on their addresses: they are left out."""
    compiler = subprocess.run([valgrind.tool("gcc"), "-print-prog-name=cc1"], capture_output=True, text=True, check=True)
    if not os.path.isabs(compiler.stdout.strip()):
        pytest.skip("this gcc has no cc1")
    source = tmp_path / "source.c"
    source.write_text("int twice(int x) { return x + x; }\n")
    command = [compiler.stdout.strip(), "-quiet", "-O1", str(source), "-o", "/dev/null"]
    compare(command, tmp_path, least=100, leave_out=test_valgrind.COLLECTOR.size)


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_cxx(compiler, level, tmp_path):
    """Templates, exceptions, lambdas, virtual calls, containers."""
    program = str(tmp_path / "program")
    subprocess.run([valgrind.tool(compiler), "-std=c++17", "-g", level, "-pthread", os.path.join(FOLDER, "leaks.cc"), "-o", program],
                   check=True)
    compare([program], tmp_path, least=40 if level == "-O0" else 20)


def test_rust(tmp_path):
    rustc = shutil.which("rustc", path=os.environ["PATH"] + os.pathsep + os.path.expanduser("~/.cargo/bin"))
    if not rustc:
        pytest.skip("rustc is not installed")
    program = str(tmp_path / "program")
    subprocess.run([rustc, "-g", "-O", os.path.join(FOLDER, "leaks.rs"), "-o", program], check=True)
    compare([program], tmp_path, least=8)
