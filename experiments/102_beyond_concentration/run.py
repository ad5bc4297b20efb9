"""Plateaus with and without concentration (arXiv 2603.18479): two mechanisms apart, and what the verdicts make of them."""

from __future__ import annotations

import sys
from functools import partial

import count
import sweeps

import qtrain

KINDS = ("ladder", "qcnn", "echo", "global")


def main(argv: list[str] | None = None) -> int:
    run = qtrain.Experiment.from_arguments(__file__, argv)
    found = {name: run.part(name, getattr(sweeps, name)) for name in ("ladder", "scrambling", "qcnn")}
    for kind in KINDS:
        run.part(f"count_{kind}", partial(count.count, kind))
    if all(found.values()):
        import figures

        run.save(figures.mechanisms(found["ladder"], found["scrambling"]))
        run.save(figures.ensembles(found["qcnn"]), "qcnn.png")
    return run.finish()


if __name__ == "__main__":
    sys.exit(main())
