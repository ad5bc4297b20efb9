"""Ground states of sums of Pauli strings on chains, by the density-matrix renormalisation group (TeNPy)."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from qiskit.quantum_info import SparsePauliOp
from threadpoolctl import threadpool_limits

from qtrain.circuits.observables import varying
from qtrain.errors import QTrainError, check_number, check_whole, shortened
from qtrain.ground_states.matrix_product import GroundState, right_canonical

Symmetry = Literal["magnetization", "parity"]
NAMES = {"X": "Sigmax", "Y": "iSigmay", "Z": "Sigmaz"}
TURNED_Y = [[0.0, 1.0], [-1.0, 0.0]]  # i Y, real
LADDER = {"X": ((1.0, "Sp"), (1.0, "Sm")), "Y": ((-1j, "Sp"), (1j, "Sm"))}  # of Pauli matrices, not of spins
SWAPPED = {"X": "Z", "Y": "Y", "Z": "X"}  # by a Hadamard gate on every qubit
HADAMARD = np.array([[1.0, 1.0], [1.0, -1.0]]) / np.sqrt(2)


def ground_state(
    hamiltonian: SparsePauliOp | str,
    *,
    bond: int = 64,
    sweeps: int = 20,
    tolerance: float = 1e-9,
    symmetry: Symmetry | None = None,
    start: GroundState | Sequence[int] | None = None,
    seed: int = 0,
) -> GroundState:
    """The lowest state, as a matrix product along the order of the qubits.

    Two-site density-matrix renormalisation (White, Phys. Rev. Lett. 69, 2863 (1992); Schollwöck, 1008.3477), as TeNPy
    has it (physics-tenpy; the extra ``dmrg``). What it finds is a state: its energy is an upper bound of the lowest.

    Args:
        hamiltonian: any sum of Pauli strings; qubits that are coupled should be close to each other in their order.
        bond: largest bond dimension. sweeps: most passes there and back. tolerance: change of the energy, as a share
            of it, below which they end.
        symmetry: ``"magnetization"`` (ΣZ, or ΣX) or ``"parity"`` (the product of all Z, or of all X) of the start is
            kept; None: nothing is, and degenerate ground states are met as some sum of them.
        start: a state of the same size (as of a neighbouring point), or bits of a basis state (of X where that is the
            symmetry), qubit 0 first; None: the product state that local fields settle in.
        seed: of the start.

    Returns:
        GroundState.

    Raises:
        QTrainError: fewer than 3 qubits, a symmetry that the Hamiltonian lacks, a start of another size, a missing
            library.

    Example:
        >>> chain = "-1*ZZII - 1*IZZI - 1*IIZZ - 0.5*XIII - 0.5*IXII - 0.5*IIXI - 0.5*IIIX"
        >>> found = ground_state(chain, bond=4)
        >>> round(found.energy, 6), found.num_qubits  # free fermions: -3.427034
        (-3.427034, 4)
    """
    operator = varying(hamiltonian, "hamiltonian")
    n = operator.num_qubits
    if n < 3:
        raise QTrainError(f"hamiltonian should have at least 3 qubits, as sweeps move two at a time. Got {n}.")
    check_whole("bond", bond)
    check_whole("sweeps", sweeps)
    check_number("tolerance", tolerance, above=0)
    check_whole("seed", seed, least=0)
    terms = [(tuple(zip(label, qubits)), float(np.real(c))) for label, qubits, c in operator.to_sparse_list()]
    turned = False
    if symmetry is not None:
        if symmetry not in ("magnetization", "parity"):
            raise QTrainError(f"symmetry should be 'magnetization', 'parity' or None. Got {symmetry!r}.")
        if _factors(terms, symmetry) is None:
            terms, turned = [_hadamard(term) for term in terms], True
        if _factors(terms, symmetry) is None:
            raise QTrainError(
                f"hamiltonian should conserve the {symmetry} along Z or X. Got one that does not."
            )
    first = _start(terms, n, symmetry, start, seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of norms that are off by rounding
        engine = _engine(_factors(terms, symmetry), n, symmetry, first, bond, sweeps, tolerance)
        _, state = _run(engine)  # with the energy of two sites before they are truncated
        energy = np.real(engine.model.H_MPO.expectation_value(state))
        engine.lanczos_params.touch("N_max", "N_min", "E_tol")  # small problems leave them unused
    tensors = [state.get_B(q, form="B").to_ndarray() for q in range(n)]
    tensors = [tensor[:, state.sites[q].perm.argsort()] for q, tensor in enumerate(tensors)]
    if turned:
        tensors = [np.einsum("st,atb->asb", HADAMARD, tensor) for tensor in tensors]
    discarded = engine.sweep_stats["max_trunc_err"]
    return GroundState(right_canonical(tensors), float(energy), float(discarded[-1]), int(engine.sweeps))


def _hadamard(term: Any) -> Any:
    letters, c = term
    return tuple((SWAPPED[p], q) for p, q in letters), c * (-1) ** sum(p == "Y" for p, _ in letters)


def _factors(terms: Any, symmetry: Symmetry | None) -> list[Any] | None:
    """Products of operators that TeNPy knows, each of one charge; None where the symmetry does not hold."""
    if symmetry is None:
        count = [sum(p == "Y" for p, _ in letters) for letters, _ in terms]
        phases = [(-1.0) ** (y // 2) if y % 2 == 0 else (-1j) ** y for y in count]
        return [(c * f, [(NAMES[p], int(q)) for p, q in letters]) for (letters, c), f in zip(terms, phases)]
    if symmetry == "parity":
        if any(sum(p in "XY" for p, _ in letters) % 2 for letters, _ in terms):
            return None
        return _factors(terms, None)
    summed: dict[Any, complex] = {}
    for letters, c in terms:
        products: list[Any] = [(c, ())]
        for p, q in sorted(letters, key=lambda item: item[1]):
            choices = LADDER.get(p, ((1.0, NAMES[p]),))
            products = [(c * f, (*done, (name, int(q)))) for c, done in products for f, name in choices]
        for factor, product in products:
            summed[product] = summed.get(product, 0.0) + factor
    size = max(abs(c) for _, c in terms)
    kept = [(c, list(product)) for product, c in summed.items() if abs(c) > 1e-12 * size]
    for _, product in kept:
        names = [name for name, _ in product]
        if names.count("Sp") != names.count("Sm"):
            return None
    return [(c.real if abs(c.imag) < 1e-14 * size else c, product) for c, product in kept]


def _engine(
    factors: Any, n: int, symmetry: Symmetry | None, start: Any, bond: int, sweeps: int, tolerance: float
) -> Any:
    try:
        from tenpy.algorithms.dmrg import TwoSiteDMRGEngine
        from tenpy.models.lattice import Chain
        from tenpy.models.model import MPOModel
        from tenpy.networks.mpo import MPOGraph
        from tenpy.networks.mps import MPS
        from tenpy.networks.site import SpinHalfSite
        from tenpy.networks.terms import TermList
    except ImportError:
        raise QTrainError("ground states need TeNPy. Got none: pip install 'qtrain[dmrg]'.") from None
    site = SpinHalfSite(conserve={None: "None", "magnetization": "Sz", "parity": "parity"}[symmetry])
    if symmetry != "magnetization":
        site.add_op("iSigmay", TURNED_Y)
    lattice = Chain(n, site, bc="open", bc_MPS="finite")
    sites = lattice.mps_sites()
    listed = TermList([product or [("Id", 0)] for _, product in factors], [c for c, _ in factors])
    graph = MPOGraph.from_term_list(listed, sites, "finite", unit_cell_width=n)
    model = MPOModel(lattice, graph.build_MPO())
    warm = isinstance(start[0], np.ndarray) and start[0].ndim == 3
    if warm:
        flat = [tensor.transpose(1, 0, 2) for tensor in start]
        state = MPS.from_Bflat(sites, flat, bc="finite", unit_cell_width=n, form=None)
        state.canonical_form()
    else:
        state = MPS.from_product_state(sites, start, bc="finite", unit_cell_width=n)
    options = {
        "trunc_params": {"chi_max": bond, "svd_min": 1e-9}, "combine": True, "N_sweeps_check": 1,
        "max_sweeps": sweeps, "min_sweeps": min(sweeps, 1 if warm else 3), "max_E_err": tolerance, "max_S_err": 1.0,
        "max_trunc_err": None, "norm_tol": None, "lanczos_params": {"N_max": 6, "N_min": 2, "E_tol": tolerance},
        "mixer": None if warm or sweeps < 3 else "DensityMatrixMixer",
        "mixer_params": {"amplitude": 1e-4, "decay": 10.0, "disable_after": 2},
    }  # fmt: skip
    return TwoSiteDMRGEngine(state, model, options)


def _run(engine: Any) -> Any:
    from tenpy.tools.optimization import temporary_level

    with temporary_level("skip_arg_checks"), threadpool_limits(1, "blas"):  # the matrices are small
        return engine.run()


def _start(terms: Any, n: int, symmetry: Symmetry | None, start: Any, seed: int) -> Any:
    """Tensors of a state, or a vector or a name for each qubit, in the basis of the symmetry."""
    if isinstance(start, GroundState):
        if start.num_qubits != n:
            raise QTrainError(f"start should have {n} qubits. Got {start.num_qubits}.")
        if symmetry is not None:
            raise QTrainError("start should be bits where a symmetry is kept. Got a state.")
        return list(start.tensors)
    if start is not None:
        bits = list(start) if isinstance(start, (Sequence, np.ndarray)) and not isinstance(start, (str, bytes)) else []
        if len(bits) != n or any(np.ndim(bit) or bit not in (0, 1) for bit in bits):
            raise QTrainError(f"start should be {n} bits, or a ground state of {n} qubits. Got {shortened(start)}.")
        return [("up", "down")[int(bit)] for bit in bits]
    vectors = _settled(terms, n, np.random.default_rng(seed), along_z=symmetry is not None)
    if symmetry is not None:
        return ["up" if vector[2] > 0 else "down" for vector in vectors]
    theta, phi = np.arccos(np.clip(vectors[:, 2], -1, 1)), np.arctan2(vectors[:, 1], vectors[:, 0])
    phase = np.where(np.abs(vectors[:, 1]) < 1e-9, np.sign(vectors[:, 0] + 1e-300), np.exp(1j * phi))
    spinors = np.stack([np.cos(theta / 2), phase * np.sin(theta / 2)], axis=1)
    return list(spinors if np.abs(spinors.imag).max() > 1e-9 else spinors.real)


def _settled(terms: Any, n: int, rng: np.random.Generator, *, along_z: bool, rounds: int = 6) -> np.ndarray:
    """Bloch vectors (n, 3) that turn one after the other against the field of those that have been set."""
    complex_terms = any(sum(p == "Y" for p, _ in letters) % 2 for letters, _ in terms)
    touching: list[list[Any]] = [[] for _ in range(n)]
    for letters, c in terms:
        for p, q in letters:
            touching[q].append(("XYZ".index(p), c, [("XYZ".index(a), b) for a, b in letters if b != q]))
    vectors, tilt = np.zeros((n, 3)), rng.normal(size=(n, 3)) * 1e-3
    tilt[:, 1] *= complex_terms
    if along_z:
        tilt[:, :2] = 0.0
    for _ in range(rounds):
        for q in range(n):
            field = tilt[q].copy()
            for axis, c, others in touching[q]:
                field[axis] += c * np.prod([vectors[b, a] for a, b in others])
            if along_z:
                field[:2] = 0.0
            vectors[q] = -field / np.linalg.norm(field)
    return vectors
