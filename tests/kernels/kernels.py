#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Runs the end-to-end tests under other kernels, several at a time.

    kernels.py [--quick] [--part K/N] [--seconds N] [KERNEL...]     (default: those of vm.py's packages)

With "arm64" for KERNEL, what `make arm64` has built is tested.
--quick: the tests of quick.txt alone. --part: every Nth test from the Kth on; all take some three hours.
Of each kernel there remain, in BUILD/kernels/KERNEL: tests.log, tests.xml (JUnit) and verifier.log, what
the kernel's verifier said of every program. Prints how many instructions it looked at, and counts tests;
the last line is "N passed, N failed, N skipped".
"""
import argparse
import collections
import concurrent.futures
import os
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as tree

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BUILD", "build")
DEFAULT = ("6.1", "6.12")
PYTEST = "/usr/bin/python3 -B -m pytest -p no:cacheprovider -v -rsx --tb=short"
# Tests that hang are ended later there.
SLOWNESS = 5

# Together these load every program.
WAYS = ("--attach single", "--attach multi --scan-way program --call work", "--growth --events pages", "")
PROGRAM = re.compile(r"libbpf: prog '(\w+)': -- BEGIN PROG LOAD LOG --\n(?:.*\n)*?processed (\d+) insns")


def quick_tests(kernel):
    with open(os.path.join(HERE, "quick.txt"), encoding="ascii") as file:
        lines = [line.strip().split(maxsplit=1) for line in file if not line.startswith("#")]
    known = {name for name, _ in lines}
    # Another one gets what the oldest does: it has single probes at least.
    wanted = ("*", kernel if kernel in known else DEFAULT[0])
    return ["-k", shlex.quote(" or ".join(f"({expression})" for name, expression in lines if name in wanted))]


def folder_of(kernel):
    folder = os.path.join(BUILD, "kernels", os.path.basename(kernel))
    os.makedirs(folder, exist_ok=True)
    return folder


def build_of(kernel):
    return os.path.join(BUILD, "arm64") if kernel == "arm64" else BUILD


def run_kernel(kernel, options):
    """What the machine printed, and its status."""
    tests = ["tests/e2e"] + (quick_tests(kernel) if options.quick else [])
    tests += ["--part", shlex.quote(options.part)] if options.part else []
    folder = os.path.abspath(folder_of(kernel))
    for name in ("tests.log", "tests.xml", "verifier.log"):
        if os.path.exists(os.path.join(folder, name)):
            os.unlink(os.path.join(folder, name))
    # What a kernel has no probes for ends with 125 and says so.
    script = ["uname -r"]
    script += [f"{build_of(kernel)}/leaktrace -vvv {way} -- true >>{folder}/verifier.log 2>&1" for way in WAYS]
    script += [f"{PYTEST} --junitxml={folder}/tests.xml {' '.join(tests)} >{folder}/tests.log 2>&1"]
    command = [sys.executable, os.path.join(HERE, "vm.py"), "--seconds", str(options.seconds), "--env", f"BUILD={build_of(kernel)}",
               "--env", f"TEST_SLOWNESS={SLOWNESS}", kernel, "--", "sh", "-c", "\n".join(script)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return done.stdout, done.returncode


def counts_of(folder):
    """Passed, failed, skipped, of the JUnit file; None when there is none."""
    try:
        suites = list(tree.parse(os.path.join(folder, "tests.xml")).iter("testsuite"))
    except (OSError, tree.ParseError):
        return None
    total = collections.Counter()
    for suite in suites:
        total.update({key: int(suite.get(key, 0)) for key in ("tests", "failures", "errors", "skipped")})
    failed = total["failures"] + total["errors"]
    return total["tests"] - failed - total["skipped"], failed, total["skipped"]


def instructions_of(folder):
    """By program, the most that the verifier looked at."""
    try:
        with open(os.path.join(folder, "verifier.log"), errors="replace", encoding="utf-8") as file:
            found = PROGRAM.findall(file.read())
    except OSError:
        return {}
    most = {}
    for name, count in found:
        most[name] = max(int(count), most.get(name, 0))
    return most


def print_table(kernels):
    tables = [instructions_of(folder_of(kernel)) for kernel in kernels]
    print(f"{'instructions verified':<28}" + "".join(f"{os.path.basename(kernel):>12}" for kernel in kernels))
    for name in sorted({name for table in tables for name in table}):
        print(f"  {name:<26}" + "".join(f"{table.get(name, '-'):>12}" for table in tables))
    print(f"  {'all':<26}" + "".join(f"{sum(table.values()):>12}" for table in tables), flush=True)


def print_failures(folder):
    try:
        with open(os.path.join(folder, "tests.log"), errors="replace", encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return
    print(text[text.find("= FAILURES"):][-20000:])


def main():
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1].strip())
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--part")
    parser.add_argument("--seconds", type=int, default=86400)
    parser.add_argument("kernels", nargs="*", default=DEFAULT)
    options = parser.parse_args()
    with concurrent.futures.ThreadPoolExecutor() as pool:
        results = list(pool.map(lambda kernel: run_kernel(kernel, options), options.kernels))
    print_table(options.kernels)
    sums = [0, 0, 0]
    for kernel, (output, status) in zip(options.kernels, results):
        folder = folder_of(kernel)
        counts = counts_of(folder)
        print(f"{kernel}: Linux {output.strip().splitlines()[0] if output.strip() else '?'}, ", end="")
        if not counts or not instructions_of(folder):
            print(f"no tests were run (status {status}):\n{output}")
            counts = (0, 1, 0)
        else:
            print("{} passed, {} failed, {} skipped".format(*counts))
        if counts[1]:
            print_failures(folder)
        sums = [a + b for a, b in zip(sums, counts)]
    print("{} passed, {} failed, {} skipped".format(*sums))
    sys.exit(1 if sums[1] or not sums[0] else 0)


main()
