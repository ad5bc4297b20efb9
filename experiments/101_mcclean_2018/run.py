"""Barren plateaus in random circuits (McClean et al., arXiv 1803.11173), exactly averaged over circuits and angles.

    python experiments/101_mcclean_2018/run.py [quick|full] [--only PART]

Throughout V is E[(df/dtheta)^2] of the first rotation of the first qubit, for <Z0 Z1> unless another is named.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator

import numpy as np
from figure import draw
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from scipy.stats import t as student

import qtrain

PAPER = "Z0 Z1"  # the paper's observable
Weights = Callable[[int, int], tuple[QuantumCircuit, np.ndarray]]  # seed, draws -> circuit, (draws, parameters)


def mean(groups: list[float]) -> dict[str, float]:
    """The mean over circuits with Student's 95 % interval: circuits are independent, draws in one are not."""
    values = np.array(groups)
    width = float(student.ppf(0.975, len(values) - 1) * values.std(ddof=1) / math.sqrt(len(values)))
    return {"mean": float(values.mean()), "lower": float(values.mean() - width), "upper": float(values.mean() + width)}


def slope(x: list[float], y: list[float]) -> float:
    return float(np.polyfit(x, y, 1)[0])


def gradients(build: Weights, circuits: int, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Exact gradients of circuits one by one, each at several draws of its angles: (draws, parameters)."""
    for number in range(circuits):
        circuit, weights = build(1000 * seed + number, draws)
        yield np.asarray(qtrain.values_and_gradients(qtrain.lower(circuit), PAPER, weights, num_threads=1)[1])


def uniform(num_qubits: int, layers: int, *, quarter_turns: bool = False, width: float | None = None) -> Weights:
    """Circuits of the ensemble with angles on the full circle, its quarter turns, or [-width, width]."""

    def build(seed: int, draws: int) -> tuple[QuantumCircuit, np.ndarray]:
        rng = np.random.default_rng([seed, 7])
        shape = (draws, num_qubits * layers)
        if quarter_turns:
            weights = rng.integers(4, size=shape) * math.pi / 2
        else:
            weights = rng.uniform(0, 2 * math.pi, shape) if width is None else rng.uniform(-width, width, shape)
        return qtrain.RandomCircuits(num_qubits).circuit(layers, seed=seed), weights

    return build


def mirrored(num_qubits: int, layers: int) -> Weights:
    """Identity-block starts (1903.05076): a random half, and a half with angles of its own that undoes it."""

    def build(seed: int, draws: int) -> tuple[QuantumCircuit, np.ndarray]:
        half = qtrain.RandomCircuits(num_qubits, tilt=0.0).circuit(layers // 2, seed=seed)
        undo = half.inverse()
        undo.assign_parameters(dict(zip(half.parameters, ParameterVector("undo", half.num_parameters))), inplace=True)
        circuit = QuantumCircuit(num_qubits)
        circuit.ry(math.pi / 4, range(num_qubits))
        circuit.compose(half, inplace=True)
        circuit.compose(undo, inplace=True)
        angles = np.random.default_rng([seed, 7]).uniform(0, 2 * math.pi, (draws, half.num_parameters))
        return circuit, np.hstack([angles, angles])  # by name: theta[...], undo[...]

    return build


def searched(num_qubits: int, layers: int, width: float) -> Weights:
    """The best Clifford point found in 2000 evaluations, with angles moved by up to ``width``."""

    def build(seed: int, draws: int) -> tuple[QuantumCircuit, np.ndarray]:
        circuit = qtrain.RandomCircuits(num_qubits).circuit(layers, seed=seed)
        point = qtrain.clifford_point(circuit, PAPER, seed=seed, evaluations=2000).angles
        moved = np.random.default_rng([seed, 7]).uniform(-width, width, (draws, circuit.num_parameters))
        return circuit, point + moved

    return build


def size(
    *, layers: int, sampled: list, circuits: list, draws: int, exact: list, tolerance: float, beyond: list, samples: int, seed: int
) -> dict:
    """V against n at 10 n layers: sampled by statevectors as the paper did, exactly, and by walks where sums end."""
    known = {n: qtrain.RandomCircuits(n).variance([layers * n], PAPER, tolerance=tolerance) for n in exact}
    result: dict = {"exact": {}, "walks": {}, "sampled": {}, "limit": {n: plateau(n) for n in [*exact, *beyond]}}
    for n, found in known.items():
        result["exact"][n] = {"variance": found.variance[0], "lower": found.lower[0], "upper": found.upper[0]}
    result["exact_uncertain"] = max(float(found.upper[0] / found.variance[0] - 1) for found in known.values())
    for n in beyond:
        walked = qtrain.RandomCircuits(n).variance([layers * n], PAPER, method="walks", samples=samples, seed=seed)
        result["walks"][n] = {"mean": walked.variance[0], "lower": walked.lower[0], "upper": walked.upper[0]}
    for n, count in zip(sampled, circuits):
        result["sampled"][n] = mean([float((g[:, 0] ** 2).mean()) for g in gradients(uniform(n, layers * n), count, draws, seed + n)])
    inside = [result["sampled"][n]["lower"] <= known[n].variance[0] <= result["sampled"][n]["upper"] for n in sampled if n in known]
    few = [n for n in exact if 4 <= n <= 12]
    logs = {n: float(known[n].log_variance[0]) for n in exact}
    result |= {"slope": slope(few, [logs[n] for n in few]), "intervals": len(inside), "intervals_that_cover": sum(inside)}
    result["above_limit"] = {n: math.exp(logs[n]) / plateau(n) for n in exact}
    return result


def plateau(n: int) -> float:
    """V of the first layer below a 2-design."""
    d = 2.0**n
    return d / (3 * (d * d - 1))


def crossing(above: np.ndarray) -> float:
    """The number of layers, between whole ones, at which the logarithm over the threshold falls to 0; nan if never."""
    first = int(np.argmax(above <= 0))
    return first + above[first - 1] / (above[first - 1] - above[first]) if above[first] <= 0 else math.nan


def depth(*, line: list, line_layers: int, tolerance: float, grid: list, grid_layers: list, samples: int) -> dict:
    """V against depth, and the depth at which it comes within a factor 2 of its limit, on lines and square grids."""
    result: dict = {"curves": {}, "reached": {}, "between": {}, "methods": {}}
    shapes = [("line", n, line_layers * n) for n in line] + [("grid", n, most) for n, most in zip(grid, grid_layers)]
    for shape, n, most in shapes:
        method = "exact" if n <= 9 else "train" if shape == "line" and n <= 16 else "walks"
        found = qtrain.RandomCircuits(n, shape).variance(
            range(1, most + 1), PAPER, method=method, tolerance=tolerance, samples=samples
        )
        limit, kept, name = math.log(2 * plateau(n)), np.unique(np.geomspace(1, most, 60).astype(int)) - 1, f"{shape} {n}"
        result["curves"][name] = {"depths": (kept + 1).tolist(), "variance": found.variance[kept]}
        result["methods"][name], result["reached"][name] = method, crossing(found.log_variance - limit)
        result["between"][name] = [crossing(np.log(np.maximum(v, 1e-300)) - limit) for v in (found.lower, found.upper)]
    result["widest"] = {
        shape: max(max(result["between"][f"{shape} {n}"]) - min(result["between"][f"{shape} {n}"]) for n in sizes)
        for shape, sizes in (("line", line), ("grid", grid))
    }
    for shape, sizes, dimensions in (("line", line, 1), ("grid", grid, 2)):
        reached = np.array([result["reached"][f"{shape} {n}"] for n in sizes])
        for power in (1, 2):  # a straight line in n, and in its root: how far off is each, in layers?
            x = np.array(sizes) ** (1 / power)
            off = float(np.abs(np.polyval(np.polyfit(x, reached, 1), x) - reached).max())
            result[f"{shape}_off_{'n' if power == 1 else 'root'}"] = off
        result[f"{shape}_layers_per_side"] = slope(np.array(sizes) ** (1 / dimensions), reached)
    return result


def designs(*, sizes: list, layers: int) -> dict:
    """Deep circuits against the closed forms for one and for two halves that are 2-designs."""
    result: dict = {"first": {}, "middle": {}}
    for n in sizes:
        ensemble, d = qtrain.RandomCircuits(n), 2.0**n
        limits = {"first": plateau(n), "middle": d * d / (2 * (d - 1) * (d + 1) ** 2)}
        for name, layer in (("first", 1), ("middle", "middle")):
            found = ensemble.variance([layers * n], PAPER, layer=layer, method="exact").variance[0]
            result[name][n] = {"variance": found, "limit": limits[name]}
    for name in ("first", "middle"):
        result[f"{name}_off"] = max(abs(v["variance"] / v["limit"] - 1) for v in result[name].values())
    return result


def observables(*, num_qubits: int, depths: list, shallow: int, shallow_sizes: list) -> dict:
    """Local against global: V by depth at one size, and by size at few layers."""
    result: dict = {"num_qubits": num_qubits, "depths": depths, "curves": {}, "shallow": {}, "rate": {}}
    for name in ("Z0", PAPER, "parity"):
        result["curves"][name] = qtrain.RandomCircuits(num_qubits).variance(depths, name).variance
        logs = [float(qtrain.RandomCircuits(n).variance([shallow], name).log_variance[0]) for n in shallow_sizes]
        result["shallow"][name] = [math.exp(v) for v in logs]
        result["rate"][name] = -slope(shallow_sizes[-3:], logs[-3:])
    result["ratio_first_layers"] = result["curves"][PAPER][0] / result["curves"]["parity"][0]
    result["ratio_deep"] = result["curves"][PAPER][-1] / result["curves"]["parity"][-1]
    return result


def starts(*, sizes: list, layers: int, circuits: int, draws: int, width: float, long_sizes: list, seed: int) -> dict:
    """How the angles begin: V of the first rotation, and the mean over all rotations, by statevectors."""
    builders = {
        "uniform": lambda n, deep: uniform(n, deep),
        "small": lambda n, deep: uniform(n, deep, width=width),
        "identity-block": mirrored,
        "random Clifford": lambda n, deep: uniform(n, deep, quarter_turns=True),
        "best Clifford": lambda n, deep: searched(n, deep, width),
    }
    result: dict = {"first": {}, "all": {}, "felt": {}, "rate": {}}
    for name, builder in builders.items():
        for kind in ("first", "all", "felt"):
            result[kind][name] = {}
        for n in sizes:
            found = [
                ((g[:, 0] ** 2).mean(), (g**2).mean(), (np.abs(g[:, 0]) > 1e-9).mean())
                for g in gradients(builder(n, layers * n), circuits, draws, seed + n)
            ]
            for kind, values in zip(("first", "all", "felt"), zip(*found)):
                result[kind][name][n] = mean(list(values)) if kind != "felt" else float(np.mean(values))
        result["rate"][name] = -slope(sizes, [math.log(result["all"][name][n]["mean"]) for n in sizes])
    result["exact"] = {n: qtrain.RandomCircuits(n).variance([layers * n], PAPER).variance[0] for n in sizes}
    result["long"] = {"sizes": long_sizes, "narrow": [], "narrower": []}
    for n in long_sizes:  # a fixed width, and one that falls with the root of the depth
        for name, most in (("narrow", width), ("narrower", math.sqrt(3 / (layers * n)))):
            found = qtrain.RandomCircuits(n).variance([layers * n], PAPER, initialization=("small", most))
            result["long"][name].append(found.variance[0])
    result["long_rate"] = {k: -slope(long_sizes[-3:], np.log(result["long"][k][-3:])) for k in ("narrow", "narrower")}
    covered = [
        result["first"][name][n]["lower"] <= result["exact"][n] <= result["first"][name][n]["upper"]
        for name in ("uniform", "random Clifford") for n in sizes
    ]  # fmt: skip
    block = [result["first"]["identity-block"][n]["lower"] <= 1 / 12 <= result["first"]["identity-block"][n]["upper"] for n in sizes]
    return result | {"clifford_equals_uniform": sum(covered) / len(covered), "block_is_a_twelfth": sum(block) / len(block)}


def tails(*, num_qubits: int, layers: int, circuits: int, draws: int, seed: int) -> dict:
    """P(|df| >= k sigma) against Chebyshev's 1 / k^2, and against a normal law."""
    n = num_qubits
    variance = float(qtrain.RandomCircuits(n).variance([layers * n], PAPER).variance[0])
    found = np.concatenate([g[:, 0] for g in gradients(uniform(n, layers * n), circuits, draws, seed)])
    multiples = np.linspace(0.25, 6, 24)
    share = [float((np.abs(found) >= k * math.sqrt(variance)).mean()) for k in multiples]
    chebyshev = np.minimum(1 / multiples**2, 1)
    return {
        "num_qubits": n, "samples": len(found), "variance": variance, "multiples": multiples, "share": share, "chebyshev": chebyshev,
        "largest_share_of_chebyshev": float((share / chebyshev)[multiples >= 1].max()), "kurtosis": float((found**4).mean() / variance**2),
        "beyond_3_sigma": float((np.abs(found) >= 3 * math.sqrt(variance)).mean()),
    }  # fmt: skip


def hundred(
    *, num_qubits: int, depths: list, tolerance: float, checked: list, samples: int, runs: int, single_layers: int,
    single_circuits: int, seed: int,
) -> dict:  # fmt: skip
    """100 qubits: tensor trains to the depth they vouch for, unbiased walks beyond; single circuits exactly."""
    ensemble, label = qtrain.RandomCircuits(num_qubits), "I" * (num_qubits - 2) + "ZZ"
    shared = [depth for depth in checked if depth <= depths[-1]]
    trains = ensemble.variance(sorted({*depths, *shared}), PAPER, method="train", tolerance=tolerance)
    at = dict(zip(trains.depths, trains.variance))
    walks = ensemble.variance(checked, PAPER, method="walks", samples=samples, runs=runs, seed=seed)
    single = [
        qtrain.gradient_variance(ensemble.circuit(single_layers, seed=seed * 1000 + k), label)
        for k in range(single_circuits)
    ]
    known, lower, upper = np.array([at[d] for d in shared]), walks.lower[: len(shared)], walks.upper[: len(shared)]
    middle = (lower + upper) / 2
    inside, uncertain = (lower <= known) & (known <= upper), trains.upper / trains.variance - 1
    return {
        "depths": trains.depths, "variance": trains.variance, "uncertain": uncertain, "trains_uncertain": float(uncertain.max()),
        "checked": walks.depths, "lower": walks.lower, "upper": walks.upper, "walks": walks.variance,
        "intervals": len(inside), "intervals_that_cover": int(inside.sum()),
        "off_in_half_widths": float((np.abs(known - middle) / (upper - middle)).max()),
        "single": {"variance": [s.variance[0] for s in single], "exact": all(bool(s.exact[0]) for s in single)},
        "single_mean": mean([float(s.variance[0]) for s in single]), "single_ensemble": ensemble.variance([single_layers], PAPER).variance[0],
        "deepest": trains.depths[-1], "deepest_log10": trains.log_variance[-1] / math.log(10), "limit": plateau(num_qubits),
        "walked": walks.depths[-1], "walked_log10": walks.log_variance[-1] / math.log(10),
    }  # fmt: skip


def main(argv: list[str] | None = None) -> int:
    run = qtrain.Experiment.from_arguments(__file__, argv)
    for part in (size, depth, designs, observables, starts, tails, hundred):
        run.part(part.__name__, part)
    if len(run.parts) == len(run.config):
        run.save(draw(json.loads(json.dumps(run.parts))))
    return run.finish()


if __name__ == "__main__":
    sys.exit(main())
