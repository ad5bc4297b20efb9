"""The page of a report in a real browser: what it shows, and that pointer and keyboard reach all of it."""

import json

import pytest
from made_reports import HOSTILE, base, made, verdicts
from qiskit.circuit.library import efficient_su2

from qtrain.budget import Budget
from qtrain.circuits.drawing.gates import drawing
from qtrain.diagnosis.diagnose import diagnose
from qtrain.improvement.improve import improve
from qtrain.views.page import circuit_page

OVERFLOWING = """[...document.querySelectorAll('body *')].filter(e => {
  const r = e.getBoundingClientRect();
  return r.width > 0 && r.right > innerWidth + 1 && !e.closest('.scroll, .view, .chart, nav, .hidden, .skip');
}).map(e => e.outerHTML.slice(0, 80))"""
SEEN = "[...document.querySelectorAll('.group tbody tr')].filter(r => r.checkVisibility()).map(r => r.id)"


@pytest.fixture(scope="module")
def four():
    return diagnose(efficient_su2(4, reps=2), "ZIII")


@pytest.fixture
def shown(page, tmp_path):
    """``shown(report, width=…, dark=…)``: opens the page of a report."""

    def show(report, *, width=1200, dark=False, **more):
        path = tmp_path / "page.html"
        path.write_text(circuit_page(report, **more), encoding="utf-8")
        page.open(path, width=width, dark=dark)
        return page

    return show


def panel(page):
    return page.run("document.querySelector('.panel').innerText")


def test_every_gate_has_its_verdict(shown, four):
    page = shown(four)
    assert page.run("document.querySelectorAll('g.gate').length") == len(four.drawing.gates)
    letters = page.run("[...document.querySelectorAll('.mark')].map(t => t.textContent)")
    assert (letters.count("✓"), letters.count("✕")) == (9, 15)
    assert page.run("document.querySelector('.view svg title').textContent")
    colour = "getComputedStyle(document.querySelector('g.k-{} .box')).fill"
    assert page.run(colour.format("healthy")) == "rgb(0, 158, 115)"
    assert page.run("getComputedStyle(document.querySelector('g.k-dead:not(.outside) .box')).fill") == "rgb(148, 148, 148)"


def test_pointing_shows_figures_and_the_way_to_the_observable(shown, four):
    page = shown(four)
    healthy = next(v for v in four.verdicts if v.cause == "healthy")
    g = next(g for g, gate in enumerate(four.drawing.gates) if healthy.index in gate.parameters)
    page.hover(f"g.gate[data-g='{g}'] .box")
    page.until("!document.querySelector('#tip').hidden")
    hint = page.run("document.querySelector('#tip').innerText")
    assert healthy.parameter in hint and "healthy" in hint and "β" in hint and "φ" in hint
    lit = page.run("[...document.querySelectorAll('.signal')].map(n => +n.dataset.g)")
    assert g in lit and len(lit) < len(four.drawing.gates)
    inside = set(four.light_cone.gates)
    assert all(four.drawing.gates[h].index in inside for h in lit)
    page.hover("h1")
    page.until("document.querySelector('#tip').hidden && !document.querySelector('.signal')")
    dead = next(v for v in four.verdicts if v.cause.startswith("dead"))
    g = next(g for g, gate in enumerate(four.drawing.gates) if dead.index in gate.parameters)
    page.hover(f"g.gate[data-g='{g}'] .box")
    page.until("!document.querySelector('#tip').hidden")
    assert dead.advice in page.run("document.querySelector('#tip').innerText")


def test_a_click_leads_from_gate_to_row_and_back(shown, four):
    page = shown(four)
    page.click("g.gate.k-healthy .box")
    assert "healthy" in panel(page)
    page.click(".panel a")
    page.until("document.activeElement.matches('.group tr.here')")
    name = page.run("document.activeElement.querySelector('th').innerText")
    assert name in panel(page)
    page.click("tr.here + tr a")
    page.until("document.activeElement.matches('.view')")
    assert name not in panel(page)


def test_keys_reach_gates_rows_and_zoom(shown, four):
    page = shown(four)
    page.run("document.querySelector('.view').focus()")
    page.key("ArrowRight")
    first = panel(page)
    assert "ry on qubit 0" in first
    page.key("ArrowDown")
    assert "on qubit 1" in panel(page)
    page.key("ArrowRight")
    assert "rz on qubit 1" in panel(page)
    width = page.run("document.querySelector('.view svg').clientWidth")
    page.key("+")
    assert page.run("document.querySelector('.view svg').clientWidth") > width
    page.key("0")
    assert page.run("document.querySelector('.view svg').clientWidth") == width
    page.key("Enter")
    page.until("document.activeElement.matches('.group tr.here')")
    page.run("document.querySelector('.view').focus()")
    page.key("Escape")
    assert "Point at a gate" in panel(page)


def test_tab_goes_through_and_focus_is_seen(shown, four):
    page = shown(four)
    seen = []
    for _ in range(45):
        page.key("Tab")
        seen.append(page.run("[document.activeElement.className || document.activeElement.tagName, "
                             "getComputedStyle(document.activeElement).outlineStyle]"))  # fmt: skip
    assert {"skip", "view", "BUTTON"} <= {name for name, _ in seen}
    assert all(style != "none" for _, style in seen)


def test_words_and_buttons_filter_rows_and_gates(shown, four):
    page = shown(four)
    page.run("document.querySelectorAll('.group').forEach(g => g.open = true)")
    page.until(f"{SEEN}.length === 24")
    page.click(".chooser input")
    page.write("q3")
    expected = {f"p0-{v.index}" for v in four.verdicts if 3 in v.qubits}
    assert set(page.run(SEEN)) == expected
    assert f"{len(expected)} of 24 shown" in page.run("document.querySelector('.chooser').innerText")
    assert page.run("document.querySelectorAll('g.gate.dim').length") == len(four.drawing.gates) - len(expected)
    page.click(".chip[data-kind='dead']")
    assert set(page.run(SEEN)) == {f"p0-{v.index}" for v in four.verdicts if 3 in v.qubits and v.cause == "healthy"}
    assert page.run("document.querySelector('.chip[data-kind=dead]').getAttribute('aria-pressed')") == "false"
    page.run("{ const i = document.querySelector('.chooser input'); i.value = 'nothing like it'; i.dispatchEvent(new Event('input')); }")
    assert page.run(SEEN) == []


def test_columns_sort_by_value(shown):
    page = shown(made(verdicts(60, causes=["healthy", "unknown: no method reaches its gradient"])))
    page.click(".group summary")
    page.until("document.querySelector('.group[open]') !== null")
    read = "[...document.querySelectorAll('.group[open] tbody tr')].map(r => Number(r.cells[3].dataset.v))"
    for direction in ("ascending", "descending"):
        page.click(".group[open] th:nth-child(4) button")
        head = "document.querySelector('.group[open] th:nth-child(4)')"
        page.until(f"{head}.getAttribute('aria-sort') === '{direction}'")
        values = page.run(read)
        assert values == sorted(values, reverse=direction == "descending") and len(values) == 30


def test_dark_follows_the_system_and_the_button(shown, four):
    ground = "getComputedStyle(document.body).backgroundColor"
    page = shown(four, dark=True)
    dark = page.run(ground)
    page.click("#theme")
    light = page.run(ground)
    assert (dark, light) == ("rgb(20, 23, 28)", "rgb(255, 255, 255)")
    page = shown(four, dark=False)
    page.click("#theme")  # the choice from before was kept
    assert page.run(ground) == dark
    page.click("#theme")
    assert page.run(ground) == light


@pytest.mark.parametrize("which", ["one", "two", "840"])
def test_nothing_overflows_on_a_phone(shown, four, which):
    page = shown(made(verdicts(840), num_qubits=20) if which == "840" else four, width=375, **({"against": base()} if which == "two" else {}))
    page.run("document.querySelectorAll('details').forEach(g => g.open = true)")
    assert page.run("document.documentElement.scrollWidth") <= 375
    assert page.run(OVERFLOWING) == []


def test_many_parameters_make_a_page_of_sane_height(shown):
    page = shown(made(verdicts(840), num_qubits=20))
    assert page.run("document.body.scrollHeight") < 8000
    page.run("document.querySelectorAll('.group').forEach(g => g.open = true)")
    page.until("document.querySelectorAll('.group tbody tr').length === 840")
    assert page.run("document.body.scrollHeight") < 14000


def test_a_thousand_qubits_are_drawn_and_zoomed(shown):
    circuit = efficient_su2(1000, reps=1)
    names = [p.name for p in circuit.parameters]
    page = shown(made(verdicts(len(names), names=names), num_qubits=1000, drawn=False, drawing=drawing(circuit, names)))
    assert page.run("document.querySelectorAll('g.gate').length") == len(circuit.data)
    width = page.run("document.querySelector('.view svg').clientWidth")
    page.click("button[data-zoom=in]")
    assert page.run("document.querySelector('.view svg').clientWidth") > width
    page.wheel(".view", -200, control=True)
    page.until(f"document.querySelector('.view svg').clientWidth > {width} * 1.5")
    page.click("button[data-zoom=one]")
    page.wheel(".view", 300)
    page.until("document.querySelector('.view').scrollTop > 0")


def test_hostile_names_are_shown_and_not_run(shown):
    page = shown(made(verdicts(len(HOSTILE), names=HOSTILE), observable=HOSTILE[0], notes=HOSTILE), title="<b>t</b>")
    page.run("document.querySelectorAll('.group').forEach(g => g.open = true)")
    page.until(f"document.querySelectorAll('.group tbody tr').length === {len(HOSTILE)}")
    assert page.run("document.querySelectorAll('img').length") == 0
    assert HOSTILE[0] in page.run("document.querySelector('.group tbody').closest('main').innerText")
    page.hover("g.gate .box")
    page.until("!document.querySelector('#tip').hidden")


def test_a_script_that_slipped_in_would_not_run(page, tmp_path, four):
    path = tmp_path / "page.html"
    path.write_text(circuit_page(four).replace("</main>", "<script>document.title = 'run'</script></main>"), encoding="utf-8")
    page.open(path)
    assert page.run("document.title") != "run"
    assert any("Content Security Policy" in line for line in page.logged)
    page.logged.clear()


def test_a_page_without_parameters_and_one_without_circuit(shown):
    assert "no free parameters" in shown(made([])).run("document.body.innerText")
    page = shown(made(verdicts(9), drawn=False))
    assert "does not hold the circuit" in page.run("document.body.innerText")
    page.click(".group summary")
    page.until("document.querySelectorAll('.group tbody tr').length === 1")


def test_the_profile_names_what_is_under_the_pointer(shown, four):
    page = shown(four)
    page.hover(".profile svg")
    page.until("!document.querySelector('#tip').hidden")
    assert "θ[" in page.run("document.querySelector('#tip').innerText")
    page.click(".profile svg")
    page.until("document.activeElement.matches('.group tr.here')")


def test_words_have_hints_and_lead_to_the_glossary(shown, four):
    page = shown(four)
    page.hover("#summary a.term")
    page.until("!document.querySelector('#tip').hidden")
    link = page.run("document.querySelector('#summary a.term').getAttribute('href')")
    meaning = page.run(f"document.querySelector({json.dumps(link + ' + dd')}).textContent")
    assert page.run("document.querySelector('#tip').textContent") == meaning
    page.click("#summary a.term")
    page.until(f"location.hash === {json.dumps(link)}")


def test_two_circuits_are_both_alive(shown, four):
    page = shown(four, against=base(), names=("a.qasm", "b.qasm"))
    counts = "[...document.querySelectorAll('.picture')].map(p => p.querySelectorAll('g.gate').length)"
    assert page.run(counts) == [len(four.drawing.gates), len(base().drawing.gates)]
    page.click("#circuit-1 g.k-healthy .box")
    assert "healthy" in page.run("document.querySelector('#circuit-1 .panel').innerText")
    assert "Point at a gate" in page.run("document.querySelector('#circuit-0 .panel').innerText")


def test_a_comparison_marks_what_differs(shown, four):
    dead = {v.parameter for v in four.verdicts if v.cause.startswith("dead")}
    other = diagnose(efficient_su2(4, reps=2), "IIIZ")
    page = shown(four, against=other, width=375)
    changed = {v.parameter for v in other.verdicts if v.cause.startswith("dead") != (v.parameter in dead)}
    rows = page.run("[...document.querySelectorAll('#differences-rows tr.differs')].map(r => r.cells[0].innerText)")
    assert set(rows) == changed and len(rows) == len(changed) > 0
    page.run("document.querySelector('#differences-rows-filter').focus()")
    page.write(rows[0])
    page.until("document.querySelector('#differences-rows-filter-said').textContent")
    left = page.run("[...document.querySelectorAll('#differences-rows tbody tr')].filter(r => !r.hidden).length")
    assert 0 < left < len(four.verdicts)
    assert page.run(OVERFLOWING) == []


def test_circuits_that_were_tried_show_their_verdicts(shown, four):
    found = improve(efficient_su2(3, reps=1), "ZZZ", budget=Budget(seconds=3))
    page = shown(four, improvements=found)
    page.run("document.querySelector('#improve details > summary').focus()")
    page.key("Enter")
    page.until("!!document.querySelector('#circuit-t0 .view svg')")
    kinds = page.run("[...document.querySelectorAll('#circuit-t0 g.lit')].map(n => [...n.classList].find(c => c.startsWith('k-')).slice(2))")
    assert sorted(kinds) == sorted(found.before.verdicts.values())
    page.hover("#circuit-t0 g.lit .box")
    page.until("!document.querySelector('#tip').hidden")
    assert "–" not in page.run("document.querySelector('#tip').innerText")  # no empty figures
