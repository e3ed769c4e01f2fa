# SPDX-License-Identifier: GPL-2.0-or-later
"""The suites of examples/, as their READMEs say: red where something leaks, green where nothing does."""

import os
import shutil
import subprocess

import junitparser
import pytest

import harness

EXAMPLES = os.path.join(harness.ROOT, "examples")


@pytest.fixture
def example(request, tmp_path):
    """A copy of the folder, which is built there."""
    folder = tmp_path / request.param
    shutil.copytree(os.path.join(EXAMPLES, request.param), folder)
    return folder


def build(folder, *arguments):
    subprocess.run(["make", "-s", *arguments], cwd=folder, check=True, stdin=subprocess.DEVNULL)


# ---- CTest -----------------------------------------------------------------------------------


@pytest.mark.parametrize("example", ["c-ctest"], indirect=True)
def test_ctest(example):
    env = {"PATH": harness.BUILD + ":" + os.environ["PATH"]}
    for command in (["cmake", "-S", ".", "-B", "build"], ["cmake", "--build", "build"]):
        subprocess.run(command, cwd=example, check=True, capture_output=True, env={**os.environ, **env})
    done = harness.finish(harness.start(["ctest", "--test-dir", "build", "-V"], env, cwd=example))
    text = harness.decode(done[1])
    assert done[0] == 0, text
    assert "100% tests passed, 0 tests failed out of 4" in text
    # It is for the leaks that the red ones are red.
    assert "FAIL: 10 bytes in 2 blocks lost in test_names_leak[" in text and "most by names_find names.c:" in text
    assert "names_find() leaves 2.0" in text and "blocks more behind with each call in test_names_leak[" in text
    assert text.count("leaktrace: PASS") == 2


# ---- pytest ----------------------------------------------------------------------------------


LINES = {"test_memory": ("heap: +100 bytes", "take_memory"), "test_mapping": ("mmap: +8192 bytes", "take_mapping"),
         "test_fd": ("fd: +1 with", "take_fd"), "test_thread": ("thread: +1 with", "take_thread"),
         "test_bytes": ("heap: +533 bytes", "take_bytes"), "test_list": ("heap: +", "test_list")}


def run_pytest(example, module, *options):
    env = {"MODULE": module, "PYTHONMALLOC": "malloc",
           "PYTHONPATH": os.path.join(harness.ROOT, "share", "python") + ":" + str(example)}
    return harness.run(list(options), ["/usr/bin/python3", "-B", "-m", "pytest", "-p", "no:cacheprovider", "-p",
                                       "leaktrace_pytest", "-q", "--junitxml=" + str(example / "pytest.xml"),
                                       "test_module.py"], env, timeout=2 * harness.TIMEOUT_S, cwd=example)


def outcomes(example):
    return {case.name: case.result[0].message + (case.result[0].text or "") if case.result else None
            for suite in junitparser.JUnitXml.fromfile(str(example / "pytest.xml")) for case in suite}


@pytest.mark.parametrize("example", ["python-extension"], indirect=True)
def test_pytest(example):
    build(example, "PYTHON=/usr/bin/python3")
    result = run_pytest(example, "leaky")
    assert result.status == 1, harness.decode(result.stdout)
    found = outcomes(example)
    for name, (words, function) in LINES.items():
        assert found[name] and "each run leaves more behind (60 runs)" in found[name], (name, found[name])
        if name != "test_list":
            assert words in found[name] and function in found[name] and "module.c:" in found[name], found[name]
    assert found["test_cache"] is None and found["test_once"] is None
    result = run_pytest(example, "fixed")
    assert result.status == 0, harness.decode(result.stdout)
    assert set(outcomes(example)) == set(found) and not any(outcomes(example).values())
    # Each test is a mark.
    names = {scope["name"] for process in result.report["processes"] for scope in process["scopes"]}
    assert {f"test_module.py::{name}" for name in found} == names


@pytest.mark.parametrize("example", ["python-extension"], indirect=True)
def test_pytest_without_leaktrace(example):
    build(example, "PYTHON=/usr/bin/python3")
    env = harness.environment({"MODULE": "leaky", "PYTHONPATH": os.path.join(harness.ROOT, "share", "python")})
    done = subprocess.run(["/usr/bin/python3", "-B", "-m", "pytest", "-p", "no:cacheprovider", "-p", "leaktrace_pytest", "-q",
                           "test_module.py"], cwd=example, env=env, capture_output=True, check=False)
    assert done.returncode == 0 and b"8 passed" in done.stdout, done.stdout


# ---- Node ------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", ["node-addon"], indirect=True)
def test_node(example):
    build(example, f"LEAKTRACE_INCLUDE={harness.ROOT}/include")
    options = ["--kinds", "heap,fd", "--fail-on", "fd>1000000"]
    # Its threads end all at once: what they leave behind must be told once, each time.
    for _ in range(4):
        result = harness.run(options, ["node", "--test-reporter=tap", "test_leaky.mjs"], cwd=example, timeout=2 * harness.TIMEOUT_S)
        assert result.status == 23, result.stderr
        texts = sorted(reason["text"] for reason in result.report["reasons"])
        assert len(texts) == 2, texts
        assert texts[0].startswith("openLog leaves 1 descriptor more behind with each run") and "open_log addon.c:" in texts[0]
        assert texts[1].startswith("parse leaves 12 bytes in 1 block more behind with each run")
        assert "parse addon.c:" in texts[1]
    result = harness.run(options, ["node", "--test-reporter=tap", "test_fixed.mjs"], cwd=example, timeout=2 * harness.TIMEOUT_S)
    assert result.status == 0, result.stderr
