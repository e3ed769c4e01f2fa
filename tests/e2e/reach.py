# SPDX-License-Identifier: GPL-2.0-or-later
"""What blocks are at the end of a program: by the program's own word, and by three tools.

Owns the words behind the allocations of tests/programs/reach*; see reach.c. A result is
the number of blocks by (line of the program, class).
"""

import collections
import functools
import os
import re

import harness
import valgrind

CLASSES = ("definite", "indirect", "possible", "reachable")
# Their own blocks are theirs: tcmalloc loses 8 bytes at its start.
ALLOCATOR = re.compile(r"/lib(tcmalloc|jemalloc|mimalloc)")
WORDS = re.compile(r"// = (.*)$")
PART = re.compile(r"(?:(child|library) )?(\w+)(?:\*(\d+))?")
FUNCTION = re.compile(r"^(?:template.*\n)?(?:SITE )?(?:static |struct )[^;{}=]*?(\w+)\([^;]*?\)\n\{\n(.*?)^\}", re.DOTALL | re.MULTILINE)

# A record of Valgrind's: "16 (8 direct, 8 indirect) bytes in 1 blocks are definitely lost in ..."
RECORD = re.compile(r"==\d+== ([\d,]+)(?: \([\d,]+ direct, [\d,]+ indirect\))? bytes in ([\d,]+) blocks are "
                    r"(definitely lost|indirectly lost|possibly lost|still reachable) in loss record.*\n"
                    r"((?:==\d+==    .*\n)+)")
VALGRIND_CLASSES = {"definitely lost": "definite", "indirectly lost": "indirect",
                    "possibly lost": "possible", "still reachable": "reachable"}
# "Direct leak of 24 byte(s) in 1 object(s) allocated from:", then the stack
LSAN_RECORD = re.compile(r"(Direct|Indirect) leak of \d+ byte\(s\) in (\d+) object\(s\) allocated from:\n((?:    #.*\n)+)")


@functools.lru_cache(maxsize=None)
def functions_of(source):
    """Of each function: its text, the number of its first line, the names it uses."""
    with open(source, encoding="utf-8") as file:
        text = file.read()
    found = {}
    for match in FUNCTION.finditer(text):
        name, body = match.groups()
        found[name] = (body, text.count("\n", 0, match.start(2)) + 1, set(re.findall(r"\w+", re.sub(r'//.*|"[^"]*"', "", body))))
    return found


def lines_of(source, case):
    """The lines with words that a case may come by: number, words."""
    functions, wanted, todo = functions_of(source), {}, [case]
    done = set()
    while todo:
        name = todo.pop()
        if name in done or name not in functions:
            continue
        done.add(name)
        body, first, used = functions[name]
        todo += used
        for offset, line in enumerate(body.splitlines()):
            words = WORDS.search(line)
            if words:
                wanted[first + offset] = words.group(1)
    assert done, f"{case} is no function of {source}"
    return wanted


def expected(source, case, tool, whose=("", "library")):
    """Blocks by (line, class), as a tool is to tell them."""
    wanted = collections.Counter()
    for line, words in lines_of(source, case).items():
        general, *exceptions = words.split("; ")
        for exception in exceptions:
            name, _, rest = exception.partition(" ")
            if name == tool:
                general, reason = rest.split(":", 1)
                assert reason.strip()
        for part in general.split(", "):
            owner, kind, count = PART.fullmatch(part.strip()).groups()
            if (owner or "") in whose:
                wanted[line, kind] += int(count or 1)
    return wanted


def cases_of(source):
    with open(source, encoding="utf-8") as file:
        text = file.read()
    return [case for case in re.findall(r'^\t\{ "(\w+)", \w+ \},$', text, re.MULTILINE)]


def leaktrace(process, source):
    """Of one process of a report. Blocks that the program did not ask for must not be lost."""
    assert process["scan"]["state"] == "done", process["scan"]
    found, name = collections.Counter(), os.path.basename(source)
    for site in process["sites"]:
        if site["kind"] != "heap":
            continue
        lines = [frame["line"] for frame in site["stack"] if os.path.basename(frame["file"] or "") == name]
        if lines:
            found[lines[0], site["class"]] += site["live_count"]
        elif not any(ALLOCATOR.search(frame["module"] or "") for frame in site["stack"]):
            assert site["class"] == "reachable", site
    return found


def run_valgrind(command, source, env=None, heuristics="all"):
    options = ["--leak-check=full", "--show-leak-kinds=all", "--num-callers=100", "--run-libc-freeres=no",
               "--run-cxx-freeres=no", "--error-exitcode=0", "--leak-check-heuristics=" + heuristics]
    process = harness.start([valgrind.tool("valgrind"), *options, *command], env)
    status, _, stderr = harness.finish(process, 120)
    # Not its children.
    text = "".join(line for line in harness.decode(stderr).splitlines(True) if line.startswith(f"=={process.pid}=="))
    found, name = collections.Counter(), os.path.basename(source)
    assert "HEAP SUMMARY" in text, (status, text)
    for _, blocks, kind, stack in RECORD.findall(text):
        lines = re.findall(r"\(" + re.escape(name) + r":(\d+)\)", stack)
        if lines:
            found[int(lines[0]), VALGRIND_CLASSES[kind]] += valgrind.number(blocks)
    return found


def run_lsan(command, source, env=None):
    """What it does not call a leak it does not list."""
    options = {"LSAN_OPTIONS": "exitcode=0:max_leaks=0:report_objects=0", **(env or {})}
    process = harness.start(command, options)
    _, _, stderr = harness.finish(process)
    texts = [text for text in harness.decode(stderr).split("\n==") if text.startswith(f"{process.pid}==ERROR")]
    text, found, name = "\n".join(texts), collections.Counter(), os.path.basename(source)
    assert "LeakSanitizer has encountered a fatal error" not in text, text
    for kind, blocks, stack in LSAN_RECORD.findall(text):
        lines = re.findall(re.escape(name) + r":(\d+)", stack)
        if lines:
            found[int(lines[0]), {"Direct": "definite", "Indirect": "indirect"}[kind]] += int(blocks)
    return found


def leaks_alone(blocks):
    return collections.Counter({key: count for key, count in blocks.items() if key[1] in ("definite", "indirect")})
