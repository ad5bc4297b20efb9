"""The page of a study: one HTML file that needs no network."""

from qtrain.views.study_page.sections import study_page

__all__ = ["study_page"]
