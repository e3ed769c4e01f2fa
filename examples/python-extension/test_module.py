"""Each way to take something, run again and again: leaktrace tells what grows."""

import importlib
import os

import pytest

module = importlib.import_module(os.environ.get("MODULE", "leaky"))


@pytest.mark.leaktrace(times=60)
def test_memory():
    module.take_memory()


@pytest.mark.leaktrace(times=60)
def test_mapping():
    module.take_mapping()


@pytest.mark.leaktrace(times=60)
def test_fd():
    module.take_fd()


@pytest.mark.leaktrace(times=60)
def test_thread():
    module.take_thread()


@pytest.mark.leaktrace(times=60)
def test_bytes():
    module.take_bytes()


@pytest.mark.leaktrace(times=60)
def test_list():
    module.take_list([1, 2, 3])


# What is kept once is no leak, and this much a run would be allowed.


@pytest.mark.leaktrace(times=60, tolerance=1)
def test_cache(cache={}):
    cache.setdefault("answer", [42] * 1000)


def test_once():
    assert module.__name__ in ("leaky", "fixed")
