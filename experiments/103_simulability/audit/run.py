"""Audits of popular data sets of quantum machine learning: what in them needs anything quantum?

python experiments/103_simulability/audit/run.py [quick|full] [--only PART]
"""

from __future__ import annotations

import sys
from pathlib import Path

from datasets import SETS

import qtrain

ROWS = {  # column: the rows of an audit of which it takes the best
    "one-body": ("one-body features",),
    "two-body": ("two-body features",),
    "classical": ("SVC (RBF)", "nearest neighbours", "gradient boosting", "random forest"),
    "QNN": ("quantum model",),
    "no 2q gates": ("the same without two-qubit gates",),
    "kernel": ("fidelity kernel",),
    "product": ("product kernel",),
    "surrogate": ("its low-weight surrogate", "its Fourier surrogate"),
}


def audited(folder: Path, name: str, **options: int) -> qtrain.Audit:
    """From file if it was audited with these options, else anew, and kept."""
    path = folder / f"{name}-{options['samples']}-{options['repeats']}-{options['seed']}.json"
    if path.exists():
        return qtrain.Audit.from_json(path.read_text())
    X, y = SETS[name](options["samples"], options["seed"])
    found = qtrain.audit(X, y, budget=qtrain.Budget(seconds=3600), **options)
    folder.mkdir(parents=True, exist_ok=True)
    path.write_text(found.to_json())
    print(f"{name}: {found.summary}", flush=True)
    return found


def numbers(found: qtrain.Audit) -> dict:
    """The columns of the table, the decisive gap of each question, the words."""
    scores = {row.name: row.balanced.value for row in found.scores if row.balanced is not None}
    best = {column: [scores[row] for row in rows if row in scores] for column, rows in ROWS.items()}
    table = {column: max(values) for column, values in best.items() if values}
    table |= {f"gap {row.question}": row.gap.value for row in found.findings if row.gap is not None}
    table |= {f"answer {row.question}": row.verdict for row in found.findings}
    return table | {"verdict": found.verdict, "samples": found.samples, "majority": found.majority}


def audits(folder: Path, *, sets: list[str], samples: int, repeats: int, seed: int) -> dict:
    """Each set audited; how many of them came out how."""
    found = {name: audited(folder, name, samples=samples, repeats=repeats, seed=seed) for name in sets}
    answers = [row for each in found.values() for row in each.findings]
    counts = {
        "sets": len(found),
        "low-body features do not suffice": _count(answers, "low-body features", "do not suffice"),
        "removing entanglement hurts": _count(answers, "entanglement", "hurts"),
        "surrogates fall behind": _count(answers, "surrogate", "falls behind"),
        "classical models fall behind": _count(answers, "classical models", "fall behind"),
    }
    return counts | {name: numbers(each) for name, each in found.items()}


def _count(answers, question: str, verdict: str) -> int:
    return sum(row.question == question and row.verdict == verdict for row in answers)


def figure(table: dict):
    """Balanced accuracies, a row for each set: what entanglement adds is seen at one look."""
    import matplotlib.pyplot as plt

    names = [name for name, row in table.items() if isinstance(row, dict)]
    styles = {"one-body": ("#9ca3af", "o"), "two-body": ("#4b5563", "o"), "classical": ("#0f766e", "s"),
              "product": ("#f59e0b", "^"), "no 2q gates": ("#f59e0b", "v"), "surrogate": ("#7c3aed", "D"),
              "kernel": ("#2563eb", "^"), "QNN": ("#2563eb", "v")}  # fmt: skip
    drawing, axes = plt.subplots(figsize=(8, 0.42 * len(names) + 1.6))
    for column, (colour, marker) in styles.items():
        rows = [k for k, name in enumerate(names) if column in table[name]]
        axes.plot([table[names[k]][column] for k in rows], [len(names) - 1 - k for k in rows], marker, color=colour,
                  alpha=0.8, markersize=7, label=column, linestyle="")  # fmt: skip
    axes.axvline(0.5, color="#d1d5db", zorder=0)
    axes.set_yticks(range(len(names)), [name.replace("_", " ") for name in reversed(names)])
    axes.set_xlabel("balanced accuracy, cross-validated")
    axes.grid(axis="y", color="#eeeeee")
    axes.legend(loc="upper center", bbox_to_anchor=(0.45, -0.14), ncols=4, frameon=False, fontsize=8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    return drawing


def main(argv=None) -> int:
    run = qtrain.Experiment.from_arguments(__file__, argv)
    table = run.part("audits", lambda **settings: audits(run.results / "sets", **settings))
    if table:
        run.save(figure(table))
    return run.finish()


if __name__ == "__main__":
    sys.exit(main())
