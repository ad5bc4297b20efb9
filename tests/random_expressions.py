"""Random smooth expressions of a few parameters: sums, products, quotients, powers, functions, nested."""

from hypothesis import strategies as st
from qiskit.circuit import Parameter

NAMES = ["a", "b", "λ", "x[3]"]
PARAMETERS = [Parameter(name) for name in NAMES]


def _grow(children):
    unary = st.sampled_from(["sin", "cos", "exp", "arctan", "neg"])
    binary = st.sampled_from(["+", "-", "*", "/"])

    def apply(parts):
        kind, e = parts
        # arguments of exp stay small, so that nothing grows beyond what differences resolve
        return -e if kind == "neg" else (0.3 * e.sin()).exp() if kind == "exp" else getattr(e, kind)()

    def join(parts):
        kind, left, right = parts
        if kind == "/":
            return left / (2 + right.cos())
        return left + right if kind == "+" else left - right if kind == "-" else left * right

    power = st.tuples(children, st.sampled_from([2, 3])).map(lambda p: p[0].sin() ** p[1])
    return st.tuples(unary, children).map(apply) | st.tuples(binary, children, children).map(join) | power


LEAVES = st.sampled_from(PARAMETERS) | st.tuples(
    st.floats(-3, 3).filter(lambda v: abs(v) > 1e-3), st.sampled_from(PARAMETERS)
).map(lambda pair: pair[0] * pair[1] + pair[0] / 7)
EXPRESSIONS = st.recursive(LEAVES, _grow, max_leaves=8)
