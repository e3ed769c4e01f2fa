# SPDX-License-Identifier: GPL-2.0-or-later
"""What all end-to-end tests share: the ways to attach, and that nothing stays behind."""

import os
import shutil
import signal

import pytest

import harness

# What a background job or nohup ignores would be ignored by all that the tests start.
for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
    if signal.getsignal(number) == signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)


def pytest_addoption(parser):
    parser.addoption("--part", metavar="K/N", help="every Nth test, from the Kth on")


def pytest_collection_modifyitems(config, items):
    part = config.getoption("--part")
    if part:
        first, step = (int(number) for number in part.split("/"))
        items[:] = items[first - 1::step]
    if os.geteuid() != 0:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="tracing needs root"))


@pytest.fixture(scope="session", autouse=True)
def built():
    if os.geteuid() == 0 and not os.path.exists(harness.LEAKTRACE):
        pytest.exit(f"{harness.LEAKTRACE} is missing: run `make`", returncode=1)


@pytest.fixture(autouse=True)
def together():
    """With all other tests; see harness.alone()."""
    with harness.turn(exclusive=False):
        yield


@pytest.fixture(name="tmp_path")
def fixture_tmp_path(tmp_path):
    """Given back at once: in an emulated machine /tmp is memory, and all tests together fill it."""
    yield tmp_path
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture(params=harness.ATTACH_MODES)
def attach(request):
    """Each way to attach that this machine has."""
    harness.need(request.param)
    return request.param


@pytest.fixture(scope="module", autouse=True)
def nothing_left_behind():
    if os.geteuid() != 0:
        yield
        return
    before = harness.traces()
    yield
    left = harness.left_behind(before)
    assert not left, f"left behind: {left}"
