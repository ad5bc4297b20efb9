"""Slow, obvious twin of the Lie closures: fractions, one bracket after the other, Gaussian elimination."""

from __future__ import annotations

from fractions import Fraction

import reference

PRIME = 2**89 - 1


def rational(terms):
    """label -> float, as exact fractions without zeros."""
    return {label: Fraction(c) for label, c in terms.items() if c}


def bracket(a, b):
    """[i A, i B] / 2 in the basis i P, for A and B as label -> number."""
    out = {}
    for p, c in a.items():
        for q, d in b.items():
            if not reference.commute(p, q):
                phase, label = reference.multiply(p, q)
                out[label] = out.get(label, 0) + (1 if (1j * phase).real > 0 else -1) * c * d
    return {label: c for label, c in out.items() if c}


def add(rows, vector, prime=None):
    """Reduce a vector by reduced rows (pivot -> row) and keep what is left; what is left, or None."""
    vector = dict(vector)
    for pivot in [label for label in vector if label in rows]:
        _subtract(vector, rows[pivot], vector[pivot], prime)
    if not vector:
        return None
    pivot = min(vector)
    inverse = 1 / vector[pivot] if prime is None else pow(vector[pivot], -1, prime)
    vector = {label: c * inverse if prime is None else c * inverse % prime for label, c in vector.items()}
    for row in rows.values():
        if pivot in row:
            _subtract(row, vector, row[pivot], prime)
    rows[pivot] = vector
    return dict(vector)


def _subtract(vector, row, factor, prime):
    for label, c in row.items():
        value = vector.get(label, 0) - factor * c
        value = value if prime is None else value % prime
        if value:
            vector[label] = value
        else:
            vector.pop(label, None)


def closure(generators, seeds, prime=None):
    """Reduced rows of the smallest space that holds the seeds and is closed under brackets with the generators.

    Modulo a prime, weights are whole: fractions grow with every bracket.
    """

    def reduced(vector):
        return vector if prime is None else {label: c % prime for label, c in vector.items() if c % prime}

    rows = {}
    fresh = [found for s in seeds if (found := add(rows, reduced(s), prime))]
    while fresh:
        element = fresh.pop()
        fresh += [found for g in generators if (found := add(rows, reduced(bracket(g, element)), prime))]
    return rows


def invariants(generators):
    """(dimension, dimension of the centre, rank) of the algebra; the rank from a random element modulo a prime."""
    rows = closure(generators, generators)
    derived = closure(generators, [bracket(a, b) for a in generators for b in generators])
    basis = [
        {label: c.numerator * pow(c.denominator, -1, PRIME) % PRIME for label, c in row.items()}
        for row in rows.values()
    ]
    element = {}
    for k, row in enumerate(basis):
        for label, c in row.items():
            element[label] = (element.get(label, 0) + pow(3, 1000 + 77 * k, PRIME) * c) % PRIME
    moved = {}
    for row in basis:
        image = {label: c % PRIME for label, c in bracket(element, row).items() if c % PRIME}
        add(moved, image, PRIME)
    return len(rows), len(rows) - len(derived), len(rows) - len(moved)
