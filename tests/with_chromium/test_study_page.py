"""The page of a study in a real browser: circuits on hover, reports on click, dark, phone, filters."""

import dataclasses

import numpy as np
import pytest
from figures import study_of

from qtrain.architecture.catalogue import hva_tfim, real_amplitudes
from qtrain.views.study_page import study_page

OVERFLOWING = """[...document.querySelectorAll('body *')].filter(e => {
  const r = e.getBoundingClientRect();
  return r.width > 0 && r.right > innerWidth + 1 && !e.closest('.scroll, nav, .hidden, .skip');
}).map(e => e.outerHTML.slice(0, 80))"""
HOSTILE = "</script><script>document.title = 'taken'</script>"


@pytest.fixture(scope="module")
def study():
    """Three objectives, pruned and failed trials, circuits."""
    rng = np.random.default_rng(5)
    count = 30
    states = ["pruned" if k % 7 == 3 else "failed" if k % 11 == 5 else "complete" for k in range(count)]
    columns = {"task_loss": 10.0 ** rng.uniform(-6, 0, count), "parameters": rng.integers(2, 30, count), "trainability": -rng.uniform(size=count)}
    made = study_of(columns, states=states)
    families = [hva_tfim(reps=2), real_amplitudes(reps=9)]
    trials = tuple(
        dataclasses.replace(
            t, architecture=families[t.number % 2].to_dict(), params={"layers": t.number % 2, "reason": t.number % 3},
            metrics={"parameters": float(columns["parameters"][t.number])} if t.state == "complete" else {},
            reason=HOSTILE if t.state == "failed" else t.reason,
            report={"training": {"curve": [3.0, 2.5, 1.0, 0.5]}} if t.state == "complete" else {},
        ) for t in made.trials
    )  # fmt: skip
    return dataclasses.replace(made, trials=trials, winner=trials[made.winner.number], name=HOSTILE)


@pytest.fixture
def shown(page, tmp_path, study):
    """``shown(width=…, dark=…)``: opens the page."""

    def show(result=study, **options):
        path = tmp_path / "study.html"
        path.write_text(study_page(result), encoding="utf-8")
        page.open(path, **options)
        return page

    return show


def on_front(study):
    return next(n for n in study.front if n != study.winner.number)


def test_pointing_shows_the_circuit_and_marks_the_trial_everywhere(shown, study):
    page, number = shown(), on_front(study)
    page.hover(f"#front [data-trial='{number}']")
    page.until("!document.querySelector('#peek').hidden")
    assert page.run("document.querySelector('#peek').textContent").startswith(f"Trial {number}")
    assert page.run("document.querySelectorAll('#peek svg .gate').length") > 3
    assert f"Trial {number}" in page.run("document.querySelector('#tip').textContent")
    assert page.run("document.querySelectorAll('[data-trial].here').length") == 7  # pairs, histories, a criterion
    page.hover("h1")
    page.until("document.querySelector('#peek').hidden")


def test_a_click_opens_the_report(shown, study):
    page, number = shown(), on_front(study)
    assert not page.run(f"document.querySelector('#trial-{number}').open")
    page.click(f"#front [data-trial='{number}']")
    page.until(f"document.querySelector('#trial-{number}').open")
    page.until(f"(r => r.top >= 0 && r.top < innerHeight)(document.querySelector('#trial-{number} summary').getBoundingClientRect())")


def test_the_keyboard_reaches_every_circuit_of_the_front(shown, study):
    page, number = shown(), on_front(study)
    page.run(f"document.querySelector('#front a[href=\"#trial-{number}\"]').focus()")
    page.key("Enter")
    page.until(f"document.querySelector('#trial-{number}').open")


def test_trials_are_filtered_and_sorted(shown, study):
    page = shown()
    page.click("#all-trials-filter")
    page.write("pruned")
    pruned = sum(t.state == "pruned" for t in study.trials)
    page.until(f"document.querySelector('#all-trials-filter-said').textContent === '{pruned} of 30'")


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("width", [375, 1200])
def test_nothing_overflows_in_light_and_dark(shown, dark, width):
    page = shown(width=width, dark=dark)
    assert page.run(OVERFLOWING) == []
    assert page.run("document.documentElement.scrollWidth") <= width
    back = page.run("getComputedStyle(document.body).backgroundColor")
    assert (back == "rgb(20, 23, 28)") == dark


def test_hostile_names_are_text(shown):
    page = shown()
    assert page.run("document.title") == "Study made"
    assert HOSTILE in page.run("document.body.textContent")


@pytest.mark.parametrize("states", [[], ["failed", "pruned", "running"]])
def test_studies_without_a_result_have_a_page(shown, states):
    empty = study_of({"task_loss": [0.0] * len(states), "parameters": [0.0] * len(states)}, states=states)
    page = shown(empty, width=375)
    assert "There is no winner" in page.run("document.body.innerText") and page.run(OVERFLOWING) == []
