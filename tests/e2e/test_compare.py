# SPDX-License-Identifier: GPL-2.0-or-later
"""Two commands are held against each other by what they need."""

import subprocess

import pytest

import harness

ROUNDS = harness.program_path("rounds")


def compare(first, second, *options):
    done = subprocess.run([harness.LEAKTRACE, "compare", "-r", "2", *options, "--", ROUNDS, *first, "---", ROUNDS, *second],
                          capture_output=True, check=False, timeout=harness.TIMEOUT_S, stdin=subprocess.DEVNULL)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def test_the_second_needs_more(tmp_path):
    path = tmp_path / "compare.json"
    status, text, _ = compare(("sixteen", "100"), ("sixteen", "200"), "--json", str(path))
    assert status == 23
    assert text.endswith("leaktrace: FAIL: B needs more than A\n")
    found = harness.load_report(path)
    assert found["schema"] == "leaktrace-compare/1" and found["verdict"] == "leak"
    # Of each session 1,000 bytes that are given back, and 16 that are not.
    assert [found[each]["allocated_bytes"] for each in "ab"] == [101600, 203200]
    assert [found[each]["allocations"] for each in "ab"] == [200, 400]
    assert [found[each]["peak_live_bytes"] for each in "ab"] == [99 * 16 + 1000, 199 * 16 + 1000]
    assert [(site["stack"][0]["function"], site["count"], site["bytes"]) for site in found["sites"]] == [
        ("session", [100, 200], [100000, 200000]), ("lose", [100, 200], [1600, 3200])]


def test_the_second_needs_no_more():
    assert compare(("sixteen", "200"), ("sixteen", "100"))[0] == 0
    status, text, _ = compare(("clean", "50"), ("clean", "50"))
    assert status == 0 and "Call sites that differ" not in text


@pytest.mark.parametrize("allowed, status", [("15", 23), ("16", 23), ("1015", 23), ("1016", 0), ("1K", 0)])
def test_allowed(allowed, status):
    assert compare(("sixteen", "100"), ("sixteen", "101"), "--allow", allowed)[0] == status


def test_another_status():
    assert compare(("clean", "5"), ("clean", "6"), "--error-exitcode", "9")[0] == 9


def test_commands_that_fail_are_not_compared():
    done = subprocess.run([harness.LEAKTRACE, "compare", "-r", "1", "--", "/bin/false", "---", "/bin/true"], capture_output=True,
                          check=False)
    assert done.returncode == 125 and b"/bin/false" in done.stderr
    done = subprocess.run([harness.LEAKTRACE, "compare", "-r", "1", "--", "/bin/true", "---", "/nowhere/at/all"],
                          capture_output=True, check=False)
    assert done.returncode == 125 and b"127" in done.stderr


@pytest.mark.parametrize("arguments", [["compare"], ["compare", "--", "/bin/true"], ["compare", "--", "/bin/true", "---"],
                                       ["compare", "-r", "0", "--", "a", "---", "b"],
                                       ["compare", "--check", "--", "/bin/true", "---", "/bin/true"],
                                       ["-r", "3", "--", "/bin/true"]], ids=" ".join)
def test_wrong_usage(arguments):
    done = subprocess.run([harness.LEAKTRACE, *arguments], capture_output=True, check=False)
    assert done.returncode == 2, done.stderr


def peak_rss(*command):
    return harness.run([], list(command)).report["processes"][-1]["peak_rss_bytes"]


def test_the_peak_is_the_programs_own():
    assert 60e6 < peak_rss("/usr/bin/python3", "-S", "-c", "len(b'x' * 60_000_000)") < 90e6
    # The kernel's figure goes on over an exec: a program smaller than what started it has none.
    assert peak_rss("/bin/true") == 0
