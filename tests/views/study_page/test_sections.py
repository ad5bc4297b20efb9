"""The page of a study holds what the study holds, whatever became of it."""

from __future__ import annotations

import dataclasses
import math
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from figures import study_of

from qtrain import QTrainError
from qtrain.architecture.catalogue import hva_tfim, real_amplitudes
from qtrain.views.study_page import study_page
from qtrain.views.study_page.sections import rank_correlation

HOSTILE = "</script><img src=x onerror=alert(1)>\x1b[2J\u202e"
VOID = {"meta", "link", "input", "img", "br", "line", "path", "circle", "rect"}


class Tags(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.links, self.texts = [], [], [], []
        self.feed(text)
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag, attrs):
        named = dict(attrs)
        self.ids += [named["id"]] if "id" in named else []
        self.links += [named["href"]] if tag == "a" else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        named = dict(attrs)
        self.ids += [named["id"]] if "id" in named else []

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.texts.append(data)


def with_circuits(result, **changes):
    """Trials with real architectures and figures of criteria."""
    families = [hva_tfim(reps=1), real_amplitudes(reps=1), real_amplitudes(reps=2)]
    trials = []
    for t in result.trials:
        rng = np.random.default_rng(t.number)
        metrics = {"parameters": float(rng.integers(3, 9)), "expressivity": rng.uniform(), "expressivity_is_bound": 1.0}
        family = families[t.number % 3]
        drawn = {"layers": int(t.number % 3), "topology": ["line", "ring"][t.number % 2]}
        training = {"training": {"curve": [3.0, 2.0, 1.0]}} if t.state == "complete" else {}
        trials.append(dataclasses.replace(
            t, architecture=family.to_dict(), metrics=metrics if t.state == "complete" else {}, params=drawn,
            timings={"training": 0.1}, report=training, versions={"qtrain": "0.1.0"}, **changes,
        ))  # fmt: skip
    winner = None if result.winner is None else trials[result.winner.number]
    return dataclasses.replace(result, trials=tuple(trials), winner=winner)


def page_of(result):
    text = study_page(result)
    tags = Tags(text)
    assert len(tags.ids) == len(set(tags.ids)), "ids should be unique"
    inside = {link[1:] for link in tags.links if link.startswith("#")}
    assert inside <= set(tags.ids), f"links to nothing: {inside - set(tags.ids)}"
    assert all(link.startswith("#") for link in tags.links)
    assert not re.search(r"(src|href)=.(https?:)?//|@import|url\(", text)
    return text, tags


@pytest.mark.parametrize("names", [["task_loss"], ["task_loss", "parameters"], ["task_loss", "parameters", "trainability"]])
def test_every_trial_and_every_pair_is_on_the_page(names):
    rng = np.random.default_rng(3)
    result = with_circuits(study_of({name: rng.uniform(size=12) for name in names}))
    text, tags = page_of(result)
    pairs = math.comb(len(names), 2)
    charts = re.findall(r'<figure class="trials"><svg[^>]*role="group"[^>]*>(.*?)</svg>', text, flags=re.S)
    assert len(charts) == pairs + len(names) + 2  # and a criterion each
    assert all(sorted(map(int, re.findall(r'data-trial="(\d+)"', chart))) == list(range(12)) for chart in charts)
    for number in result.front:
        assert f"trial-{number}" in tags.ids
    assert "Pareto front" in tags.texts if pairs else 'id="front"' not in text
    assert len(text) < 300_000


def test_prunings_are_grouped_by_their_reason():
    made = study_of({"task_loss": [0.1, 0, 0, 0]}, states=["complete", "pruned", "pruned", "failed"])
    reasons = ["", "gradients: dead fraction 0.3 is above 0.25", "gradients: dead fraction 1e-3 is above 0.25", "out of memory"]
    trials = tuple(dataclasses.replace(t, reason=r) for t, r in zip(made.trials, reasons))
    text, _ = page_of(dataclasses.replace(made, trials=trials))
    table = re.search(r'<section id="stopped".*?</section>', text, flags=re.S)[0]
    assert re.findall(r"<tr>(.*?)</tr>", table)[1].startswith('<td class="n" data-v="2.0">2</td><td>pruned</td>')
    assert "out of memory" in table


@pytest.mark.parametrize("states", [[], ["failed"] * 3, ["pruned"] * 3, ["running"], ["complete", "running", "failed"]])
def test_studies_in_any_state_have_a_page(states):
    columns = {"task_loss": [0.5] * len(states), "parameters": [2.0] * len(states)}
    text, tags = page_of(study_of(columns, states=states))
    assert "There is no winner" in text or "complete" in states
    assert ("goes on where it stopped" in text) == ("running" in states)


def test_what_cannot_be_read_leaves_the_rest():
    made = with_circuits(study_of({"task_loss": [0.3, 0.2]}))
    broken = dataclasses.replace(made.trials[0], architecture={"circuit": "no QPY"}, metrics={"x": math.nan})
    text, _ = page_of(dataclasses.replace(made, trials=(broken, made.trials[1])))
    assert "Its circuit cannot be drawn" in text


def test_whatever_text_comes_in_is_escaped():
    made = study_of({"task_loss": [0.3, 0.2]}, states=["complete", "failed"])
    trials = (made.trials[0], dataclasses.replace(made.trials[1], reason=HOSTILE))
    text, _ = page_of(dataclasses.replace(made, trials=trials, study=HOSTILE, name=HOSTILE, storage=HOSTILE, rule=HOSTILE))
    assert "<img" not in text and "\x1b" not in text and "\u202e" not in text


def test_four_hundred_trials_stay_small():
    rng = np.random.default_rng(0)
    names = ("task_loss", "parameters", "trainability")
    result = with_circuits(study_of({name: rng.uniform(size=400) for name in names}))
    text, tags = page_of(result)
    assert len(text) < 3_000_000
    assert sum(i.startswith("trial-") for i in tags.ids) <= 60


def test_correlations_count_ranks():
    assert rank_correlation([1, 5, 9, 9], [3, 2, 1, 1]) == -1.0
    assert math.isnan(rank_correlation([1, 1], [1, 2]))


def test_other_results_are_refused():
    with pytest.raises(QTrainError, match="result should be a SearchResult. Got int."):
        study_page(3)
