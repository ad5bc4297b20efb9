"""Circuits restricted by a symmetry, after "trainability by design" (arXiv 2606.31536): what it buys, and what it costs.

    python experiments/104_trainability_by_design/run.py [quick|full] [--only PART ...]

`bit_strings.py` defines the tasks and the classical models, `designs.py` the circuits and what is measured,
`figure.py` draws it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bit_strings import TASKS, classical
from designs import algebra, gradients, learning, line
from figure import draw

import qtrain


def main(argv: Sequence[str] | None = None) -> int:
    run = qtrain.Experiment.from_arguments(__file__, argv)
    for task in TASKS:
        run.part(task, learning, task=task)
    run.part("classical", classical)
    run.part("algebra", algebra)
    run.part("gradients", gradients)
    run.part("line", line)
    if len(run.parts) == len(TASKS) + 4:
        run.save(draw(run.parts))
    return run.finish()


if __name__ == "__main__":
    sys.exit(main())
