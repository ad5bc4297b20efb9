"""What trains, and what a classical shortcut to it costs: both axes for families that grow with n.

    python experiments/106_frontier/run.py [quick|full] [--only PART ...]

`families.py` has the circuits, `measure.py` what is measured of them, `figure.py` draws it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from figure import draw
from measure import family, sweep

import qtrain


def main(argv: Sequence[str] | None = None) -> int:
    run = qtrain.Experiment.from_arguments(__file__, argv)
    for name, settings in run.config.items():
        run.part(name, sweep if "widths" in settings else family)
    if len(run.parts) == len(run.config):
        run.save(draw(run.parts))
    return run.finish()


if __name__ == "__main__":
    sys.exit(main())
