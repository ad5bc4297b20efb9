"""``gradient_variance``: the verb."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from typing import Any

import numpy as np
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qtrain.budget import Budget
from qtrain.circuits.initialization import Initialization
from qtrain.circuits.problem import pose
from qtrain.circuits.program import PauliProgram
from qtrain.gradients.methods import METHODS, answer
from qtrain.gradients.statistics import GradientStats


def gradient_variance(
    circuit: QuantumCircuit | PauliProgram | str | PathLike[str],
    observable: SparsePauliOp | str,
    *,
    method: str = "auto",
    initialization: str | tuple[str, float] | Initialization = "uniform",
    noise: Any = None,
    samples: int | None = None,
    seed: int = 0,
    budget: Budget | None = None,
    inputs: Sequence[Any] | str = (),
    data: np.ndarray | None = None,
) -> GradientStats:
    """Variance of every partial derivative of <O> over random initialisations.

    Args:
        circuit: unitary gates; angles affine in their parameters, or any function of them: these parameters are then
            drawn from [0, 2 pi), and ``reason`` says so.
        observable: Pauli terms with real coefficients.
        method: ``"auto"`` takes the first of the table that fits and says why in ``reason``. Exact are ``"exact"``
            (all Pauli paths, by contracting a network; independent angles in narrow or shallow circuits, any
            smallness), ``"quadrature"`` (the Fourier series of the cost; few shared parameters in each term's light
            cone, any size) and ``"pairs"`` (pairs of paths with Fourier indices; shared parameters in narrow or
            shallow circuits). Sampled are ``"paths"`` (independent angles, any size), ``"particles"`` (what paths
            miss), ``"angles"`` (random angles, each term on its own cone, by the cheapest simulator),
            ``"statevector"`` (n up to 20), ``"gsim"`` (in the observable's module; small algebras), ``"density"``
            (under noise; n up to 10) and ``"collapse"`` (Pauli operators that collapse at every average; shared
            parameters, fixed gates, data, noise, any size). ``"bound"`` tells what is known without any. Other
            packages may add more (`qtrain.gradients.methods.register_method`).
        initialization: ``"uniform"`` on each rotation's full period, ``"gaussian:SIGMA"``,
            ``"small:WIDTH"`` or ``"identity-block"``.
        noise: rates, a device, a Target or a NoiseModel: see `qtrain.circuits.noise.placement.with_noise`.
        samples: number of paths or of parameter vectors; None: until the median live variance has
            the budget's relative error, or the budget ends.
        seed: of all randomness. budget: seconds, memory, samples, relative error.
        inputs: parameters that carry data, averaged over ``data`` (samples, len(inputs)); without data, over random
            points on [-pi, pi), and ``reason`` says so.

    Returns:
        Statistics with 95 % intervals; two results with different seeds add up.

    Raises:
        QTrainError: no parameters, wrong options, or a method that cannot treat the circuit: the
            sentence names the gate or parameter.

    Second moments by Pauli paths: arXiv 2302.04649, 2309.12681; paths in this walk average
    (df/dtheta)^2 exactly because it has degree two in every independent angle.

    Example:
        >>> from qiskit.circuit.library import real_amplitudes
        >>> gradient_variance(real_amplitudes(2, reps=1), "IZ").variance.tolist()
        [0.375, 0.125, 0.375, 0.0]
    """
    if method != "auto":
        METHODS[method]
    problem = pose(
        circuit, observable, initialization=initialization, noise=noise, inputs=inputs, data=data, budget=budget,
        seed=seed, samples=samples, method=method,
    )  # fmt: skip
    return answer(problem)
