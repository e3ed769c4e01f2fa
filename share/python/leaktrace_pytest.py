# SPDX-License-Identifier: MIT
"""A plugin of pytest for leaktrace(1): each test is a mark, with a result of its own.

    sudo PYTHONMALLOC=malloc leaktrace --check --junit leaks.xml -- pytest -p leaktrace_pytest

Without leaktrace it does nothing, but for the marker, which runs its test once. With it

    @pytest.mark.leaktrace(times=200, warmup=10, tolerance=0)
    def test_parse():
        ...

runs the test that often, its fixtures set up once, and fails it when its runs leave ever more
behind: memory, descriptors, mappings, threads; with the stack that took it. `tolerance` is in
bytes, or things, a run.
"""

import ctypes
import gc
import hashlib
import json
import os
import socket

import pytest

NAME_BYTES = 63
FRAMES = 12


class Leaktrace:
    """What leaktrace tells its command by the environment."""

    def __init__(self):
        self.control = os.environ.get("LEAKTRACE_CONTROL")
        library = os.environ.get("LEAKTRACE_MARK_LIBRARY")
        self.marks = ctypes.CDLL(library) if self.control and library else None

    def begin(self, name):
        if self.marks:
            self.marks.leaktrace_begin(name.encode())

    def end(self):
        if self.marks:
            self.marks.leaktrace_end()

    def ask(self, name):
        """The scope as it stands in leaktrace's JSON; None: it does not know it."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(60)
            connection.connect("\0" + self.control)
            connection.sendall(f"scope {name}\n".encode())
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        scopes = json.loads(answer) if answer else []
        return scopes[0] if scopes else None


def mark_name(nodeid):
    """Within what a mark can hold: the end of a longer one, behind a hash of all of it."""
    data = nodeid.encode()
    if len(data) <= NAME_BYTES:
        return nodeid
    return hashlib.sha256(data).hexdigest()[:8] + data[-(NAME_BYTES - 8):].decode(errors="ignore")


def per_run(site):
    has_bytes = site["kind"] in ("heap", "mmap", "pages")
    return site["bytes_per_entry"] if has_bytes else site["count_per_entry"], "bytes" if has_bytes else "each"


def describe(site):
    amount, unit = per_run(site)
    lines = [f"{site['kind']}: +{amount:.4g} {'bytes ' if unit == 'bytes' else ''}with each run, acquired by"]
    for frame in site["stack"][:FRAMES]:
        place = f"{frame['file']}:{frame['line']}" if frame["file"] else frame["module"] or "?"
        lines.append(f"    {frame['function'] or '?'}  {place}")
    return "\n".join(lines)


class Plugin:
    def __init__(self):
        self.leaktrace = Leaktrace()

    @pytest.hookimpl(hookwrapper=True)
    def pytest_runtest_call(self, item):
        # One that is run again and again has a mark for each run.
        if item.get_closest_marker("leaktrace"):
            yield
            return
        self.leaktrace.begin(mark_name(item.nodeid))
        yield
        self.leaktrace.end()

    @pytest.hookimpl(tryfirst=True)
    def pytest_pyfunc_call(self, pyfuncitem):
        marker = pyfuncitem.get_closest_marker("leaktrace")
        if not marker or not self.leaktrace.control:
            return None
        arguments = {name: pyfuncitem.funcargs[name] for name in pyfuncitem._fixtureinfo.argnames}
        self.run(pyfuncitem, lambda: pyfuncitem.obj(**arguments), **marker.kwargs)
        return True

    def run(self, item, function, times=200, warmup=10, tolerance=0):
        name = mark_name(item.nodeid)
        for _ in range(warmup):
            function()
        gc.collect()
        for _ in range(times):
            self.leaktrace.begin(name)
            try:
                function()
            finally:
                self.leaktrace.end()
        gc.collect()
        scope = self.leaktrace.ask(name)
        if not scope or scope["state"] == "too few":
            pytest.fail(f"{times} runs are too few to tell whether they leave more behind (give more times)", pytrace=False)
        leaks = [site for site in scope["sites"] if site["grows"] and per_run(site)[0] > tolerance]
        if leaks:
            pytest.fail(f"each run leaves more behind ({times} runs):\n" + "\n".join(map(describe, leaks)), pytrace=False)


def pytest_configure(config):
    config.addinivalue_line("markers", "leaktrace(times=200, warmup=10, tolerance=0): run the test that often under "
                                       "leaktrace, and fail it when its runs leave ever more behind")
    config.pluginmanager.register(Plugin(), "leaktrace-marks")
