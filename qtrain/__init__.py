"""Quantum circuit trainability: search, explain and install ansätze that can be trained.

The public names below load their module on first use, so that ``import qtrain`` stays light:

>>> import qtrain
>>> qtrain.dla(["XX", "ZI", "IZ"]).algebra
'2 su(2)'
"""

from __future__ import annotations

import importlib
import sys
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qtrain.architecture import Architecture as Architecture
    from qtrain.architecture import Layer as Layer
    from qtrain.criteria.dla import dla as dla
    from qtrain.criteria.expressivity import expressivity as expressivity
    from qtrain.criteria.gradients import gradient_variance as gradient_variance
    from qtrain.criteria.light_cone import light_cone as light_cone
    from qtrain.criteria.light_cone import reduced_circuit as reduced_circuit
    from qtrain.criteria.report import TrainabilityReport as TrainabilityReport
    from qtrain.criteria.results import Budget as Budget
    from qtrain.criteria.results import DLAResult as DLAResult
    from qtrain.criteria.results import LightCone as LightCone
    from qtrain.criteria.results import Simulability as Simulability
    from qtrain.criteria.scaling import Scaling as Scaling
    from qtrain.criteria.scaling import scaling as scaling
    from qtrain.criteria.simulability import simulability as simulability
    from qtrain.criteria.stats import GradientStats as GradientStats
    from qtrain.criteria.symmetry import symmetrize as symmetrize
    from qtrain.diagnose import diagnose as diagnose
    from qtrain.errors import QTrainError as QTrainError
    from qtrain.estimators import TrainableQNNClassifier as TrainableQNNClassifier
    from qtrain.registry import RegistryEntry as RegistryEntry
    from qtrain.registry import load as load
    from qtrain.registry import names as names
    from qtrain.registry import register as register
    from qtrain.search import SearchResult as SearchResult
    from qtrain.search import SearchSpace as SearchSpace
    from qtrain.search import search as search
    from qtrain.transpile import TrainableAnsatz as TrainableAnsatz

__version__ = "0.1.0"

# Public name -> the module it lives in. tests/test_public_api.py keeps it equal to the imports above.
_HOME = {
    "Architecture": "qtrain.architecture",
    "Layer": "qtrain.architecture",
    "dla": "qtrain.criteria.dla",
    "expressivity": "qtrain.criteria.expressivity",
    "gradient_variance": "qtrain.criteria.gradients",
    "light_cone": "qtrain.criteria.light_cone",
    "reduced_circuit": "qtrain.criteria.light_cone",
    "TrainabilityReport": "qtrain.criteria.report",
    "Budget": "qtrain.criteria.results",
    "DLAResult": "qtrain.criteria.results",
    "LightCone": "qtrain.criteria.results",
    "Simulability": "qtrain.criteria.results",
    "Scaling": "qtrain.criteria.scaling",
    "scaling": "qtrain.criteria.scaling",
    "simulability": "qtrain.criteria.simulability",
    "GradientStats": "qtrain.criteria.stats",
    "symmetrize": "qtrain.criteria.symmetry",
    "diagnose": "qtrain.diagnose",
    "QTrainError": "qtrain.errors",
    "TrainableQNNClassifier": "qtrain.estimators",
    "RegistryEntry": "qtrain.registry",
    "load": "qtrain.registry",
    "names": "qtrain.registry",
    "register": "qtrain.registry",
    "SearchResult": "qtrain.search",
    "SearchSpace": "qtrain.search",
    "search": "qtrain.search",
    "TrainableAnsatz": "qtrain.transpile",
}

__all__ = [*sorted(_HOME), "__version__"]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'qtrain' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOME])


class _Package(types.ModuleType):
    """``qtrain.diagnose`` and ``qtrain.search`` are verbs, and modules of the same name.

    Importing a submodule binds it as an attribute of its package; here the verb keeps the name, whichever
    comes first. ``from qtrain.search import ...`` reads ``sys.modules`` and is not touched by this.
    """

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _HOME and isinstance(value, types.ModuleType)):
            super().__setattr__(name, value)

    def __reduce__(self) -> tuple[Any, tuple[str]]:  # cloudpickle (joblib, Dask) knows plain modules only
        return importlib.import_module, (self.__name__,)


sys.modules[__name__].__class__ = _Package
