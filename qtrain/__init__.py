"""Quantum circuit trainability: search, explain and install ansätze that can be trained.

The public names (see ``__init__.pyi``) load their module on first use, so that ``import qtrain`` stays light:

>>> import qtrain
>>> qtrain.dla(["XX", "ZI", "IZ"]).algebra
'2 su(2)'
"""

import lazy_loader

__version__ = "0.1.0"
__getattr__, _names, __all__ = lazy_loader.attach_stub(__name__, __file__)
__all__ = [*__all__, "__version__"]


def __dir__() -> list[str]:
    return sorted(__all__)
