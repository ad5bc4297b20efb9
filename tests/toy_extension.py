"""Rows of another package: a toy of each kind, added through the public calls alone."""

from __future__ import annotations

from typing import Literal

from qtrain.architecture.blocks import Gate
from qtrain.architecture.topology import register_topology
from qtrain.growth.pools import register_operator_pool, rotation
from qtrain.growth.references import register_reference
from qtrain.studies.objectives import Objective, register_objective
from qtrain.studies.propose.growth_moves import GrowthMove, register_growth_move
from qtrain.studies.propose.pools import Pool, register_pool
from qtrain.studies.propose.samplers import register_sampler
from qtrain.studies.propose.starts import register_start
from qtrain.studies.propose.variation import Move, register_move
from qtrain.studies.stages import Stage, register_stage
from qtrain.studies.tasks.task import TaskModel, ground_state, register_task


def count_gates(candidate):
    return {"toy_gates": float(sum(candidate.circuit.count_ops().values()))}


register_stage(Stage("toy_counting", count_gates))
register_objective(Objective("toy_size", "minimize", "toy_counting", lambda c: c.metrics["toy_gates"]))


@register_task
class ToyTask(TaskModel):
    """Every qubit up."""

    kind: Literal["toy_up"]
    strength: float = 1.0

    def build(self, num_qubits, *, device_edges=None):
        from qiskit.quantum_info import SparsePauliOp

        terms = [("Z", [q], -self.strength) for q in range(num_qubits)]
        return ground_state(self.kind, SparsePauliOp.from_sparse_list(terms, num_qubits=num_qubits))


def brute(seed):
    import optuna

    return optuna.samplers.QMCSampler(seed=seed, independent_sampler=optuna.samplers.RandomSampler(seed=seed))


def shorter(params, parent, others, rng):
    return {**params, "repetitions": min(parent.distributions["repetitions"].choices)} if "repetitions" in params else params


def skip_one(n):
    return tuple((q, q + 2) for q in range(n - 2)) or ((0, 1),) if n > 1 else ()


def simplest(spec):
    from qtrain.architecture.catalogue import real_amplitudes

    return (real_amplitudes(reps=1), real_amplitudes(reps=2))


def turns(setting):
    return tuple(rotation("Y", (q,)) for q in range(setting.num_qubits))


def ones(setting):
    return [tuple(Gate("x", (q,)) for q in range(setting.num_qubits))]


def best_first(parent, growing, rng):
    for found in parent.suggestions.additions[:1]:
        return parent.gates.insert(found.place, growing.pool[found.gate], found.angle)
    return None


register_operator_pool("toy_turns", turns)
register_reference("toy_ones", ones)
register_growth_move("toy_first", GrowthMove(best_first, 0.0))
register_sampler("toy_brute", brute)
register_move("toy_shorter", Move(shorter))
register_topology("toy_skip", skip_one)
register_pool("toy_pool", Pool((("ry",),), ("cz", "rzz")))
register_start("toy_start", simplest)
