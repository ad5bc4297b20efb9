"""What all candidates of a search share: the task, the device, the space. Made once, sent to every worker process."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from qtrain.errors import QTrainError
from qtrain.growth.islands import family_pools
from qtrain.growth.pools import PoolGate, Setting, build_pool
from qtrain.studies.propose.space import SearchSpace
from qtrain.studies.propose.starts import build_starts
from qtrain.studies.spec.kept import kept
from qtrain.studies.spec.search_spec import SearchSpec, read_spec
from qtrain.studies.tasks.devices import Device, build_device
from qtrain.studies.tasks.task import Task

TRAINED_QUBITS = 30


@dataclass(frozen=True)
class Setup:
    """All that candidates share.

    Attributes:
        larger: the same task at the sizes of ``objectives.sizes``, for the scaling.
        starts: candidates the search begins with. functions: what the keys of the spec's own objectives stand for.
    """

    spec: SearchSpec
    task: Task
    device: Device
    space: SearchSpace
    larger: tuple[Task, ...] = ()
    starts: tuple[Mapping[str, Any], ...] = ()
    functions: Mapping[str, Any] = field(default_factory=dict)

    @functools.cached_property
    def setting(self) -> Setting:
        """What pools and references are built from."""
        return setting_of(self.spec, self.task, self.device)

    @functools.cached_property
    def pool(self) -> tuple[PoolGate, ...]:
        """The gates that circuits grow by."""
        return build_pool(self.spec.growth.pools, self.setting)


def setting_of(spec: SearchSpec, task: Task, device: Device) -> Setting:
    """What a task's symmetries are found from, and the couplings."""
    edges = device.edges if spec.device is not None else None
    operator = task.observables[0] if task.leading is None else task.leading
    return Setting(spec.qubits, edges, None if task.is_classifier else operator)


def build_setup(spec: SearchSpec) -> Setup:
    """The task, device and space of a spec.

    Raises:
        QTrainError: whatever in the spec cannot be met.
    """
    device = build_device(spec.device, spec.qubits)
    edges = device.edges if spec.device is not None else None
    task = spec.task.build(spec.qubits, device_edges=edges)
    if spec.trains and spec.qubits > TRAINED_QUBITS and (task.is_classifier or task.cost is not None):
        raise QTrainError(
            f"qubits should be at most {TRAINED_QUBITS} where task_loss is used on data, or is a cost of your own: "
            f"training follows the statevector. Got {spec.qubits}: use other objectives, such as trainability, algebra "
            "and simulation_cost."
        )
    choices = spec.space
    if "auto" in choices.pools:
        named = [family_pools(setting_of(spec, task, device)) if p == "auto" else (p,) for p in choices.pools]
        choices = choices.model_copy(update={"pools": tuple(dict.fromkeys(p for group in named for p in group))})
    space = SearchSpace.from_spec(choices, spec.qubits, edges)
    if spec.space.grow_from is not None:
        from qtrain.registry.registry import load

        space = space.grown(load(spec.space.grow_from).architecture)
    if spec.objectives.sizes and not spec.task.has_sizes:
        raise QTrainError("objectives.sizes should be given for models on a line or ring. Got another task.")
    larger = tuple(spec.task.build(size) for size in spec.objectives.sizes)
    functions = {key: kept(key, f"objectives.own.{name}") for name, _, _, key in spec.objectives.own or ()}
    return Setup(spec, task, device, space, larger, build_starts(spec, space, task, device), functions)


@functools.lru_cache(maxsize=2)
def _setup(text: str) -> Setup:
    return build_setup(read_spec(json.loads(text)))


def setup_of(spec: SearchSpec) -> Setup:
    """The set-up of a spec, kept for the next call: whoever scores many circuits builds it once. Without its starts."""
    return _setup(json.dumps({k: v for k, v in spec.to_dict().items() if k != "start"}))
