"""Gates that files use without defining them: of old and of vendors' gate files, in OpenQASM 3's own terms.

Sources: the gate tables of OpenQASM's papers (arXiv 1707.03429, 2104.14722) and of the vendors' documentation
(Quantinuum's native gates, IonQ's and Amazon Braket's built-in ones).
"""

from __future__ import annotations

# What "stdgates.inc" declares (arXiv 2104.14722, table of the standard library).
STANDARD = frozenset(
    "p x y z h s sdg t tdg sx rx ry rz cx cy cz cp crx cry crz ch swap ccx cswap cu CX phase cphase id u1 u2 u3".split()
)

_TEXTS = (
    "gate sxdg a { h a; sdg a; h a; }",
    "gate u(t, p, l) a { U(t, p, l) a; }",
    "gate u0(t) a { id a; }",
    "gate r(t, p) a { rz(-p) a; rx(t) a; rz(p) a; }",
    "gate cs a, b { cp(pi/2) a, b; }",
    "gate csdg a, b { cp(-pi/2) a, b; }",
    "gate csx a, b { h b; cp(pi/2) a, b; h b; }",
    "gate ccz a, b, c { h c; ccx a, b, c; h c; }",
    "gate cu1(t) a, b { cp(t) a, b; }",
    "gate cu3(t, p, l) a, b { cu(t, p, l, 0) a, b; }",
    "gate rzz(t) a, b { cx a, b; rz(t) b; cx a, b; }",
    "gate rxx(t) a, b { h a; h b; cx a, b; rz(t) b; cx a, b; h a; h b; }",
    "gate ryy(t) a, b { rx(pi/2) a; rx(pi/2) b; cx a, b; rz(t) b; cx a, b; rx(-pi/2) a; rx(-pi/2) b; }",
    "gate rzx(t) a, b { h b; cx a, b; rz(t) b; cx a, b; h b; }",
    "gate ecr a, b { gphase(-pi/4); s a; sx b; cx a, b; x a; }",
    "gate dcx a, b { cx a, b; cx b, a; }",
    "gate iswap a, b { s a; s b; h a; cx a, b; cx b, a; h b; }",
    "gate c3x a, b, c, d { ctrl(3) @ x a, b, c, d; }",
    "gate c4x a, b, c, d, e { ctrl(4) @ x a, b, c, d, e; }",
    "gate c3sqrtx a, b, c, d { ctrl(3) @ sx a, b, c, d; }",
    # Quantinuum
    "gate Rz(t) a { rz(t) a; }",
    "gate U1q(t, p) a { rz(-p) a; rx(t) a; rz(p) a; }",
    "gate RZZ(t) a, b { cx a, b; rz(t) b; cx a, b; }",
    "gate ZZ a, b { cx a, b; rz(pi/2) b; cx a, b; }",
    # Amazon Braket, IonQ, IQM
    "gate i a { id a; }",
    "gate si a { sdg a; }",
    "gate ti a { tdg a; }",
    "gate v a { sx a; }",
    "gate vi a { h a; sdg a; h a; }",
    "gate phaseshift(t) a { p(t) a; }",
    "gate prx(t, p) a { rz(-p) a; rx(t) a; rz(p) a; }",
    "gate gpi(p) a { rz(-p) a; x a; rz(p) a; }",
    "gate gpi2(p) a { rz(-p) a; rx(pi/2) a; rz(p) a; }",
    "gate cnot a, b { cx a, b; }",
    "gate ccnot a, b, c { ccx a, b, c; }",
    "gate cv a, b { h b; cp(pi/2) a, b; h b; }",
    "gate cphaseshift(t) a, b { cp(t) a, b; }",
    "gate cphaseshift00(t) a, b { x a; x b; cp(t) a, b; x a; x b; }",
    "gate cphaseshift01(t) a, b { x a; cp(t) a, b; x a; }",
    "gate cphaseshift10(t) a, b { x b; cp(t) a, b; x b; }",
    "gate xx(t) a, b { h a; h b; cx a, b; rz(t) b; cx a, b; h a; h b; }",
    "gate yy(t) a, b { rx(pi/2) a; rx(pi/2) b; cx a, b; rz(t) b; cx a, b; rx(-pi/2) a; rx(-pi/2) b; }",
    "gate zz(t) a, b { cx a, b; rz(t) b; cx a, b; }",
    "gate xy(t) a, b { xx(-t/2) a, b; yy(-t/2) a, b; }",
    "gate ms(p, q, t) a, b { rz(-p) a; rz(-q) b; h a; h b; cx a, b; rz(t) b; cx a, b; h a; h b; rz(p) a; rz(q) b; }",
)

DEFINITIONS: dict[str, str] = {text[5:].split("(")[0].split()[0]: text for text in _TEXTS}
"""name -> its definition, by gates of ``STANDARD`` and by those that come before it."""


def missing(used: set[str]) -> list[str]:
    """Definitions that a program needs for the names it uses and lacks, in an order in which each is known.

    Example:
        >>> missing({"xy", "h"})[-1]
        'gate xy(t) a, b { xx(-t/2) a, b; yy(-t/2) a, b; }'
    """
    wanted = used | ({"xx", "yy"} if "xy" in used else set())
    return [text for name, text in DEFINITIONS.items() if name in wanted]
