"""Search: a space of architectures, tasks, objectives, and the loop that records every trial."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qtrain.search.result import SearchResult as SearchResult
    from qtrain.search.result import TrialRecord as TrialRecord
    from qtrain.search.space import SearchSpace as SearchSpace
    from qtrain.search.spec import SearchSpec as SearchSpec
    from qtrain.search.spec import read_spec as read_spec
    from qtrain.search.study import search as search

# Loaded on first use: the supervised processes import this package and need no Optuna.
_HOME = {
    "SearchResult": "result",
    "TrialRecord": "result",
    "SearchSpace": "space",
    "SearchSpec": "spec",
    "read_spec": "spec",
    "search": "study",
}
__all__ = [*_HOME]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'qtrain.search' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"qtrain.search.{_HOME[name]}"), name)
    globals()[name] = value
    return value
