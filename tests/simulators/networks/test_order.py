"""Orders of contraction: counted as they are carried out, and never above their limit."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from qtrain.simulators.networks.order import by_degree, in_turn


@st.composite
def networks(draw):
    labels = draw(st.integers(1, 8))
    return draw(st.lists(st.lists(st.integers(0, labels - 1), unique=True, max_size=4).map(tuple), min_size=1, max_size=10))


@settings(max_examples=100, deadline=None)
@given(networks(), st.integers(0, 10**6), st.booleans())
def test_orders_sum_every_label(tensors, seed, by_line):
    """Against one einsum over everything; operations are those of the pairs."""
    rng = np.random.default_rng(seed)
    arrays = [rng.normal(size=(2,) * len(own)) for own in tensors]
    whole = np.einsum(*(item for pair in zip(arrays, map(list, tensors), strict=True) for item in pair), [])
    labels = sorted({v for own in tensors for v in own})
    order = in_turn(tensors, rng.permutation(labels).tolist(), limit=1e9) if by_line else by_degree(tensors, limit=1e9)
    values, names, counted = list(arrays), [tuple(own) for own in tensors], 0.0
    gone = set()
    for a, b in order.pairs:
        gone |= {a, b}
        union = set(names[a]) | set(names[b])
        others = {v for k, own in enumerate(names) if k not in gone for v in own}
        out = tuple(sorted(union & others))
        counted += 2.0 ** len(union)
        values.append(np.einsum(values[a], list(names[a]), values[b], list(names[b]), list(out)))
        names.append(out)
    assert len(gone) == len(tensors) - 1 + len(order.pairs)
    assert counted == order.operations
    total = values[-1].sum() if order.pairs else values[0].sum()
    assert np.isclose(total, whole, atol=1e-9 * max(1, abs(whole)))


def test_limits():
    clique = [(a, b) for a in range(12) for b in range(a)]
    assert by_degree(clique, limit=100) is None
    assert in_turn(clique, range(12), limit=100) is None
    assert by_degree(clique, limit=1e6).operations <= 1e6
