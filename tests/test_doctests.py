"""The examples in the docstrings run, and every public name has one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest

import qtrain

MODULES = ["qtrain", *sorted(m.name for m in pkgutil.walk_packages(qtrain.__path__, "qtrain."))]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name):
    module = importlib.import_module(name)
    result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    assert result.failed == 0, f"{result.failed} of {result.attempted} examples in {name} fail"


@pytest.mark.parametrize("name", sorted(n for n in qtrain.__all__ if n != "__version__"))
def test_public_functions_show_an_example(name):
    value = getattr(qtrain, name)
    if inspect.isfunction(value):
        assert ">>> " in (inspect.getdoc(value) or ""), f"qtrain.{name} shows no example"
