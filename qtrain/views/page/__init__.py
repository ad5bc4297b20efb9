"""Reports as HTML pages: one file each, that needs no network."""

from qtrain.views.page.circuit import circuit_page

__all__ = ["circuit_page"]
