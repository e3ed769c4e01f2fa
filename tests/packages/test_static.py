# SPDX-License-Identifier: GPL-2.0-or-later
"""leaktrace-static: it tells what leaktrace tells, and needs nothing of the machine but its kernel."""

import json
import os
import subprocess
import xml.etree.ElementTree as tree

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("BUILD", os.path.join(ROOT, "build")))
LEAKTRACE = os.path.join(BUILD, "leaktrace")
STATIC = os.path.join(BUILD, "leaktrace-static")
PROGRAMS = os.path.join(BUILD, "tests", "programs")

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="tracing needs root")


def run(*arguments, **more):
    return subprocess.run(arguments, capture_output=True, text=True, timeout=60, check=False, **more)


def findings(program, path):
    """Totals, and each site with its stack, as leaktrace PROGRAM has them."""
    result = run(program, "--json", path, "--top", "0", "--", os.path.join(PROGRAMS, "basic"))
    assert result.returncode == 0, result.stderr
    with open(path, encoding="utf-8") as file:
        report = json.load(file)
    process = report["processes"][-1]
    sites = [(site["kind"], site["class"], site["live_count"], site["live_bytes"],
              [(frame["function"], frame["line"]) for frame in site["stack"]]) for site in process["sites"]]
    return process["totals"], sorted(sites, key=str), report["losses"]


def test_tells_the_same(tmp_path):
    assert findings(STATIC, tmp_path / "static.json") == findings(LEAKTRACE, tmp_path / "dynamic.json")


def test_needs_only_the_kernel(tmp_path):
    """In a folder with nothing else, /proc and /sys mounted where nobody else sees it."""
    for folder in ("proc", "sys", "tmp"):
        (tmp_path / folder).mkdir()
    run("cp", STATIC, tmp_path / "leaktrace")
    run("cp", os.path.join(PROGRAMS, "basic.static"), tmp_path / "program")
    enter = ('mount --bind "$0" "$0" && mount -t proc proc "$0/proc" && mount -t sysfs sysfs "$0/sys" && '
             'exec chroot "$0" /leaktrace "$@"')
    version = run("unshare", "--mount", "sh", "-c", enter, tmp_path, "--version")
    assert version.stdout.startswith("leaktrace "), version.stderr
    report = run("unshare", "--mount", "sh", "-c", enter, tmp_path, "--check", "--", "/program", env={})
    assert "definitely lost" in report.stderr and "basic.c:" in report.stderr, report.stderr
    assert report.returncode == 23
    with open("/proc/self/mountinfo", encoding="utf-8") as mounts:
        assert str(tmp_path) not in mounts.read()


def test_users_are_those_of_the_file():
    result = run(STATIC, "--user", "nobody", "--", "id", "-Gn")
    assert result.stdout == run("id", "-Gn", "nobody").stdout, result.stderr
    result = run(STATIC, "--user", "no such user", "--", "id")
    assert result.returncode == 125 and "there is no user" in result.stderr


def test_debug_servers_are_not_asked(tmp_path):
    result = run(STATIC, "--", os.path.join(PROGRAMS, "basic"),
                 env={**os.environ, "DEBUGINFOD_URLS": "http://127.0.0.1:1", "HOME": str(tmp_path)})
    assert result.returncode == 0 and "leak_small" in result.stderr, result.stderr


def test_writes_xml(tmp_path):
    """Without the converters of libxml2."""
    path = tmp_path / "valgrind.xml"
    result = run(STATIC, "--valgrind-xml", path, "--", os.path.join(PROGRAMS, "basic"), "\u00e4 \u20ac")
    assert result.returncode == 0, result.stderr
    assert "\u00e4 \u20ac" in [element.text for element in tree.parse(path).iter()]
