"""Conformance suites for rows that others add: run them in the tests of a package that adds some.

Each takes a row that has been added, or its name, and raises an AssertionError that says what is wrong with it.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
