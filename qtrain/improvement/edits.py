"""The edits that `qtrain.improve` tries: rows of the table, in the order in which two of them are done."""

from __future__ import annotations

from qtrain.improvement import echoes, entanglers, observables, parameters, starts
from qtrain.improvement.table import Edit, register_edit

for _row in (
    Edit("registered winner", ("circuit", "entanglement", "depth", "parameters"), parameters.registered, costly=True),
    Edit("entanglement", ("entanglement", "circuit"), entanglers.entanglement),
    Edit("fewer repetitions", ("depth", "circuit"), entanglers.fewer_repetitions),
    Edit("fewer entanglers", ("entanglement", "circuit"), entanglers.drop_entanglers),
    Edit("echo", ("entanglement", "circuit"), echoes.thinned),
    Edit("echo seen everywhere", ("observable", "entanglement", "circuit"), echoes.thinned_and_measured),
    Edit("mirrored layers", ("start", "circuit"), starts.mirrored_layers),
    Edit("tied angles", ("parameters", "circuit"), parameters.tied),
    Edit("local observable", ("observable",), observables.local_sums),
    Edit("pair observable", ("observable",), observables.pair_sums),
    Edit("seeing qubits", ("observable",), observables.seeing),
    Edit("start near zero", ("start",), starts.near_zero, keeps_function=True),
    Edit("identity block", ("start",), starts.identity_block, keeps_function=True),
    Edit("clifford point", ("start", "circuit"), starts.at_clifford_point, costly=True),
    Edit("dead parameters", ("parameters", "circuit"), parameters.without_dead, keeps_function=True),
):
    register_edit(_row)
