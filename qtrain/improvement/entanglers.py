"""Edits of what couples qubits: another pattern, fewer layers of it, fewer repetitions."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from qtrain.improvement.layers import Block, Items, Layers, Pair, layers, repetition
from qtrain.improvement.table import Candidate, Model
from qtrain.json_results import count as plural


def linear(qubits: Sequence[int]) -> list[Pair]:
    return list(zip(qubits, qubits[1:]))


DIAGONAL = frozenset({"cz", "rzz", "cp", "crz", "cu1", "cs", "csdg"})  # these commute: their order is no matter
PATTERNS = {
    "linear": (linear, "from the first qubit to the last"),
    "reverse_linear": (lambda qubits: linear(qubits)[::-1], "from the last qubit to the first"),
    "pairwise": (lambda qubits: linear(qubits)[::2] + linear(qubits)[1::2], "even bonds, then odd ones"),
}


def entanglement(model: Model) -> Iterator[Candidate]:
    """Other patterns on couplings that the circuit has: along its line of qubits, or rounds of disjoint ones."""
    found = layers(model.circuit, model.inputs)
    chosen = _entangling(found)
    if not chosen:
        return
    blocks = [found.blocks[k] for k in chosen]
    edges = frozenset().union(*(block.edges for block in blocks))
    qubits = sorted({q for edge in edges for q in edge})
    gate = blocks[0].name
    old = _pattern(blocks[0], qubits)
    if set(map(frozenset, linear(qubits))) <= set(map(frozenset, edges)):
        for name, (pairs, order) in PATTERNS.items():
            if name != old and not all(_same(block, pairs(qubits)) for block in blocks):
                instead = f' instead of "{old}"' if old else ""
                text = f'entanglement="{name}"{instead} ({gate.upper()} {order})'
                yield _repaired(model, found, {k: pairs(qubits) for k in chosen}, name, text)
    rounds = _rounds(blocks)
    in_turn = [pair for part in rounds for pair in part]
    if len(rounds) > 1:
        commute = gate in DIAGONAL and all(_same(block, in_turn) for block in blocks)
        if commute or not set(map(frozenset, linear(qubits))) <= set(map(frozenset, edges)):
            text = f"{gate.upper()} in {len(rounds)} rounds of disjoint couplings, on the couplings that it has"
            made = _repaired(model, found, dict.fromkeys(chosen, in_turn), "rounds", text)
            yield replace(made, keeps_function=commute)
        turns = {k: rounds[i % len(rounds)] for i, k in enumerate(chosen)}
        text = f"one round of disjoint {gate.upper()} in each layer, {len(rounds)} rounds in turn"
        if 1 < len(chosen) >= len(rounds):
            yield _repaired(model, found, turns, "alternating", text)


def drop_entanglers(model: Model) -> Iterator[Candidate]:
    """Without the couplers of the last layer, or of all but the first: less between the gates and the measurement."""
    found = layers(model.circuit, model.inputs)
    chosen = _entangling(found)
    for name, dropped in (("last", chosen[-1:]), ("all but the first", chosen[1:])):
        if not dropped or (name != "last" and len(chosen) < 3):
            continue
        blocks = [() if k in dropped else block.items for k, block in enumerate(found.blocks)]
        gates = sum(len(found.blocks[k].items) for k in dropped)
        kinds = "/".join(sorted({found.blocks[k].name.upper() for k in dropped}))
        where = "the last layer" if name == "last" else f"all layers behind the first ({len(dropped)} of {len(chosen)})"
        text = f"drop the {f'{gates} ' if gates > 1 else ''}{kinds} of {where}"
        yield Candidate(name, text, model.but(circuit=found.rebuilt(blocks)))


def fewer_repetitions(model: Model) -> Iterator[Candidate]:
    """One repetition less, half of them, one alone."""
    found = layers(model.circuit, model.inputs)
    again = repetition(found)
    if again is None:
        return
    for count in dict.fromkeys((again.count - 1, again.count // 2, 1)):
        first, last = again.begin + count * again.period, again.begin + again.count * again.period
        blocks = [block.items for block in (*found.blocks[:first], *found.blocks[last:])]
        circuit = found.rebuilt(blocks, [*found.singles[:first], *found.singles[last:]])
        text = f"{plural(count, 'repetition')} instead of {again.count}"
        yield Candidate(str(again.count - count), text, model.but(circuit=circuit))


def _entangling(found: Layers) -> list[int]:
    """Blocks behind the data that are layers of one gate; none where couplers stand for something else.

    A block that the next one undoes (a ladder of CX around one rotation) is part of a larger gate.
    """
    blocks = found.blocks
    own = [k for k in range(found.first, len(blocks)) if blocks[k].name]
    undone = [k for k in own[:-1] if _undoes(blocks[k], blocks[k + 1])]
    if not own or 3 * len(undone) > len(own) or 2 * len(own) < len(blocks) - found.first:
        return []
    common = max({blocks[k].name for k in own}, key=lambda name: sum(blocks[k].name == name for k in own))
    return [k for k in own if blocks[k].name == common]


def _undoes(block: Block, other: Block) -> bool:
    mirrored = other.name == block.name and other.pairs == block.pairs[::-1] and block.fixed
    if not mirrored:
        return False
    return len(block.pairs) == 1 or any(set(a) & set(b) for a, b in zip(block.pairs, block.pairs[1:]))


def _pattern(block: Block, qubits: Sequence[int]) -> str:
    """Qiskit's name of a block's pattern, where it is one of the known ones."""
    for name, (pairs, _) in PATTERNS.items():
        if _same(block, pairs(qubits)):
            return name
    full = len(qubits) * (len(qubits) - 1) // 2
    if len(qubits) > 2 and len(block.edges) == len(block.pairs) == full:
        return "full"
    ring = [(qubits[-1], qubits[0]), *linear(qubits)]
    return "circular" if len(qubits) > 2 and _same(block, ring) else ""


def _same(block: Block, pairs: Sequence[Pair]) -> bool:
    """As a circuit: the same couplings, where those that share a qubit come in the same order, if that matters."""
    own = [frozenset(pair) for pair in block.pairs]
    if block.name in DIAGONAL:
        return Counter(own) == Counter(frozenset(pair) for pair in pairs)
    return _by_qubit(own) == _by_qubit([frozenset(pair) for pair in pairs])


def _by_qubit(pairs: Sequence[frozenset[int]]) -> dict[int, list[frozenset[int]]]:
    found = defaultdict(list)
    for pair in pairs:
        for q in pair:
            found[q].append(pair)
    return dict(found)


def _rounds(blocks: Sequence[Block]) -> list[list[Pair]]:
    """All couplings in as few rounds of disjoint ones as a greedy colouring finds, in the order of their qubits."""
    pairs = {frozenset(pair): (pair[0], pair[1]) for block in blocks for pair in block.pairs}
    rounds: list[list[Pair]] = []
    for edge in sorted(pairs, key=sorted):
        free = next((part for part in rounds if not any(edge & set(other) for other in part)), None)
        if free is None:
            rounds.append(free := [])
        free.append(pairs[edge])
    return rounds


def _repaired(model: Model, found: Layers, pairs: dict[int, list[Pair]], name: str, text: str) -> Candidate:
    """With other pairs in some blocks; a gate keeps its angle and its direction where its coupling stays."""
    blocks: list[Items] = []
    for k, block in enumerate(found.blocks):
        if k not in pairs:
            blocks.append(block.items)
            continue
        own = {frozenset(pair): item for item, pair in zip(block.items, block.pairs)}
        made = []
        for pair in pairs[k]:
            item = own.get(frozenset(pair))
            if item is None and block.fixed:
                item = block.items[0].replace(qubits=[found.circuit.qubits[q] for q in pair])
            made += [item] if item is not None else []
        blocks.append(made)
    return Candidate(name, text, model.but(circuit=found.rebuilt(blocks)))
