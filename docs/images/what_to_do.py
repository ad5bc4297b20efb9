"""Draw docs/images/what-to-do.svg, the picture of README: ``python docs/images/what_to_do.py``."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")
import matplotlib.pyplot as plt
import numpy as np
from qiskit.circuit.library import efficient_su2

import qtrain

SIZES = (4, 6, 8, 10, 12, 14, 16)
CASES = (
    ("as it comes, product of Z", {}, "parity", "s", "#D55E00"),
    ("linear entanglement, product of Z", {"entanglement": "linear"}, "parity", "D", "#E69F00"),
    ("as it comes, sum of Z", {}, "sum", "^", "#56B4E9"),
    ("linear entanglement, sum of Z", {"entanglement": "linear"}, "sum", "o", "#009E73"),
)


def median(n: int, options: dict, observable: str) -> float:
    """Median V of the parameters that are not proven dead, for an observable with S = 1."""
    text = "Z" * n if observable == "parity" else " + ".join(f"Z{qubit}" for qubit in range(n))
    stats = qtrain.gradient_variance(efficient_su2(n, **options), text)
    return float(np.median(stats.variance[~stats.proven_zero]) / stats.scale)


def main() -> None:
    plt.rcParams.update({"svg.fonttype": "path", "svg.hashsalt": "qtrain", "font.size": 9})
    figure, axes = plt.subplots(figsize=(7, 3), layout="constrained")
    for label, options, observable, mark, colour in CASES:
        values = [median(n, options, observable) for n in SIZES]
        print(label, " ".join(f"{value:.2g}" for value in values))
        axes.semilogy(SIZES, values, marker=mark, color=colour, label=label)
    axes.axhline(1e-4, color="#666666", linestyle="--", linewidth=1)
    axes.text(SIZES[0], 1.15e-4, "resolved by 10,000 shots", color="#666666", va="bottom")
    axes.set(xlabel="qubits", ylabel="median gradient variance (S = 1)", title="efficient_su2, 3 repetitions")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.patch.set_facecolor("white")
    figure.savefig(Path(__file__).with_name("what-to-do.svg"), metadata={"Date": None})


if __name__ == "__main__":
    main()
