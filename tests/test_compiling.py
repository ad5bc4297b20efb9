"""What is compiled, is compiled once on a machine: every kernel is kept on disk, and lets other threads run."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
from numba.core.caching import NullCache
from numba.core.registry import CPUDispatcher

import qtrain.kernels

MODULES = [module.name for module in pkgutil.walk_packages(qtrain.kernels.__path__, "qtrain.kernels.")]


@pytest.mark.parametrize("name", MODULES)
def test_kernels_are_kept_on_disk(name):
    module = importlib.import_module(name)
    own = [item for item in vars(module).values() if isinstance(item, CPUDispatcher) and item.py_func.__module__ == name]
    assert [kernel.py_func.__name__ for kernel in own if isinstance(kernel._cache, NullCache)] == []


def test_there_are_kernels():
    assert "qtrain.kernels.statevector.run" in MODULES
