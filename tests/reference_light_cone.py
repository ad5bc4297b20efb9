"""The relaxation from both ends with every Pauli string written out: obvious, and only for few qubits."""

from __future__ import annotations

import numpy as np


def anticommute(a, b, n):
    mask = (1 << n) - 1
    return ((a & mask & (b >> n)).bit_count() + ((a >> n) & b & mask).bit_count()) % 2 == 1


def with_products(strings, p):
    return strings | {s ^ p for s in strings}


def alive_rotations(generators, term, stabilizers, n):
    """(rotations,) bool by sets of strings, each a whole number: x bits, then z bits."""
    alive = [p != 0 for p in generators]
    while True:
        state = {0}
        for s in stabilizers:
            state = with_products(state, s)
        before, felt = [], []
        for k, p in enumerate(generators):
            before.append(state)
            felt.append(any(anticommute(s, p, n) for s in state))
            if alive[k] and felt[k]:
                state = with_products(state, p)
        observable, found = {term}, list(alive)
        for k in range(len(generators) - 1, -1, -1):
            p = generators[k]
            active = any(anticommute(s, p, n) for s in observable)
            if not alive[k]:
                continue
            if not (active and felt[k]):
                found[k] = False
                continue
            observable = with_products(observable, p)
            found[k] = any(anticommute(s, p, n) for s in observable & before[k])
        if found == alive:
            return np.array(alive)
        alive = found


def numbers(table, n):
    """Rows of a packed table as whole numbers."""
    mask = (1 << n) - 1
    return [(int(x[0]) & mask) | (int(z[0]) & mask) << n for x, z in zip(table.x, table.z, strict=True)]
