"""The colours of figures and pages: Okabe and Ito's, distinguishable without full colour vision."""

from __future__ import annotations

BLUE, ORANGE, GREEN, RED, SKY, PINK, GREY = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#56B4E9", "#CC79A7", "#949494",
)  # fmt: skip

PALE = "#ABABAB"  # trials that are no more than that

CAUSE_COLOURS = {  # by the short word of a cause; figures and pages give each a shape of its own as well
    "healthy": GREEN,
    "dead": GREY,
    "concentrated": ORANGE,
    "lost": BLUE,
    "scrambled": PINK,
    "below": SKY,
    "unknown": RED,
}
