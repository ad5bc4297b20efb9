"""Two reports on one page: what differs is marked, by the names that both circuits share."""

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from made_reports import HOSTILE, Elements, base, made, verdicts

from qtrain.diagnosis.facts import kind
from qtrain.views.page import circuit_page
from qtrain.views.page.differences import differences, side_by_side

CHOICE = ["healthy", "information lost", "dead: outside the light cone"]
CAUSE = st.sampled_from(CHOICE)


@given(st.lists(st.tuples(st.integers(0, 8), CAUSE), unique_by=lambda row: row[0]),
       st.lists(st.tuples(st.integers(0, 8), CAUSE), unique_by=lambda row: row[0]))  # fmt: skip
def test_what_changed_is_counted_and_marked(first, second):
    one, other = (
        made(verdicts(len(rows), [f"a{k}" for k, _ in rows], [c for _, c in rows] or CHOICE), drawn=False)
        for rows in (first, second)
    )
    html = differences(one, other, ["x", "y"])
    before, after = dict(first), dict(second)
    shared = before.keys() & after.keys()
    changed = [k for k in shared if kind(before[k]) != kind(after[k])]
    if not shared:
        assert "No parameter has the same name" in html
        return
    assert re.search(rf"; {len(changed)} verdicts? changed", html) and html.count('<tr class="differs">') == len(changed)
    rows = html[html.index("<tbody>") :].split("</tr>")[:-1]
    assert len(rows) == len(shared)
    assert all("differs" in row for row in rows[: len(changed)])  # they come first


def test_lines_that_differ_are_marked_and_others_are_not():
    same = side_by_side({"0": base(), "1": base()}, {"0": "a", "1": "b"})
    assert "class=differs" not in same and same.count("<tr>") > 5
    other = replace(base(), summary="another")
    assert side_by_side({"0": base(), "1": other}, {"0": "a", "1": "b"}).count("class=differs") == 1


def test_hostile_names_stay_text():
    rows = verdicts(len(HOSTILE), HOSTILE)
    other = verdicts(len(HOSTILE), HOSTILE, CHOICE)
    page = circuit_page(made(rows), against=made(other), names=HOSTILE[:2])
    found = Elements(page)
    assert "img" not in found.tags and found.tags.count("script") == 2 + 2
    assert len(page) < 3_000_000


def test_charts_beside_each_other_have_one_axis():
    few = verdicts(12, causes=["healthy"])
    tiny = [replace(v, variance=v.variance * 1e-30, lower=v.lower * 1e-30, upper=v.upper * 1e-30) for v in few]
    page = circuit_page(made(few), against=made(tiny))
    labels = [chart.split("</svg>")[0].count('text-anchor="end">10') for chart in page.split('class="chart profile"')[1:]]
    assert len(labels) == 2 and labels[0] == labels[1] >= 4
