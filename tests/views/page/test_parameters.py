"""A report's parameters on its page: what the scripts read is what the report says."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st
from made_reports import HOSTILE, Elements, base, made, verdicts

from qtrain.views.page.parameters import MOST_GATES, MOST_ROWS, groups, picture, report_data, verdict_groups


def data_of(report):
    return json.loads(Elements(report_data(report, "0")).texts["script"][0])


@given(st.integers(0, 40), st.integers(0, 2**32 - 1))
def test_columns_are_the_verdicts(count, seed):
    rows = verdicts(count, seed=seed)
    report = made(rows)
    data = data_of(report)
    assert data["names"] == [v.parameter for v in rows]
    assert [data["causes"][k][0] for k in data["cause"]] == [v.cause for v in rows]
    assert [data["advice"][k] for k in data["a"]] == [v.advice for v in rows]
    for name, values in (("v", [v.variance for v in rows]), ("lo", [v.lower for v in rows]), ("b", [v.beta for v in rows])):
        assert all(math.isnan(y) if x is None else math.isclose(x, y, rel_tol=1e-3) for x, y in zip(data[name], values, strict=True))
    driven = [k for row in data["gates"] for k in row[3]]
    assert driven == list(range(count)), "each parameter has its gate"


def test_hostile_names_stay_text():
    rows = verdicts(len(HOSTILE), names=HOSTILE)
    shown = report_data(made(rows), "0") + verdict_groups(made(rows), of="0")
    assert {"img", "b!"}.isdisjoint(Elements(shown).tags)
    names = data_of(made(rows))["names"]
    assert all(len(name) <= 200 for name in names) and names[0] == HOSTILE[0]


def test_infinite_figures_are_numbers_that_json_has():
    rows = [v.__class__(**{**v.__dict__, "variance": math.inf, "upper": math.inf}) for v in verdicts(3)]
    assert data_of(made(rows))["v"] == [1e308] * 3


def test_gates_outside_the_light_cone_say_so():
    data = data_of(base())
    kept = set(base().light_cone.gates)
    assert [row[5] for row in data["gates"]] == [int(g.index in kept) for g in base().drawing.gates]
    assert data["measured"] == ["", "Z"]


def test_a_group_for_each_cause_and_none_without_parameters():
    rows = verdicts(30)
    found = Elements(verdict_groups(made(rows), of="0"))
    assert found.tags.count("details") == len(groups(rows)) == len({v.cause for v in rows})
    assert not [attributes for tag, attributes in found.attributes if tag == "details" and "open" in attributes]
    assert "no free parameters" in verdict_groups(made([]), of="0")


def test_more_than_a_page_can_hold_is_cut_with_a_sentence():
    rows = verdicts(MOST_ROWS + 5)
    report = made(rows, drawn=False)
    assert len(data_of(report)["names"]) == MOST_ROWS
    assert f"first {MOST_ROWS:,} of {MOST_ROWS + 5:,} parameters" in verdict_groups(report, of="0")


def test_more_gates_than_a_browser_draws_are_cut_with_a_sentence():
    report = made(verdicts(MOST_GATES))
    assert len(data_of(report)["gates"]) == MOST_GATES
    assert f"Only the first {MOST_GATES:,} gates" in picture(report.drawing, of="0", title="t", empty="e")
