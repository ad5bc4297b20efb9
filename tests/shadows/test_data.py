"""Shadows as data: added, kept in files, refused where they are wrong."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qtrain.errors import QTrainError
from qtrain.shadows.data import Shadows, merge


def made(shots=20, n=3, repeats=1, seed=0, state="s"):
    rng = np.random.default_rng(seed)
    bases = np.repeat(rng.integers(1, 4, (shots // repeats, n)), repeats, axis=0)
    return Shadows(bases, rng.integers(0, 2, bases.shape), repeats, (seed,), state, f"source {seed}")


@given(st.integers(1, 40), st.integers(1, 70), st.integers(1, 3), st.integers(0, 2**32))
def test_files_hold_what_was_saved(groups, n, repeats, seed):
    shadows = made(groups * repeats, n, repeats, seed)
    shadows.save("kept.npz")
    back = Shadows.load("kept.npz")
    assert (back.bases == shadows.bases).all() and (back.outcomes == shadows.outcomes).all()
    assert (back.repeats, back.seeds, back.state, back.source) == (repeats, (seed,), "s", f"source {seed}")


def test_adding_is_one_longer_acquisition():
    one, other = made(300, seed=1), made(200, seed=2)
    both = one + other
    joined = Shadows(np.vstack([one.bases, other.bases]), np.vstack([one.outcomes, other.outcomes]))
    for method in ("matched", "mean"):
        assert both.estimate("ZZI", method=method) == joined.estimate("ZZI", method=method)
    assert both.seeds == (1, 2) and len(both) == 500 and both.source == "source 1; source 2"
    assert len(merge([one, other, made(100, seed=3)])) == 600


@pytest.mark.parametrize(("other", "said"), [
    (made(n=2, seed=1), "qubits"), (made(seed=0), "different seeds"), (made(seed=1, state="t"), "one state"),
    (made(repeats=2, seed=1), "for each choice of bases"),
])  # fmt: skip
def test_what_cannot_be_added(other, said):
    with pytest.raises(QTrainError, match=said):
        made() + other


def rewritten(path, **changes):
    """The same file with some members changed."""
    with np.load(path) as file:
        members = {name: file[name] for name in file}
    for name, change in changes.items():
        members[name] = change(members[name])
    np.savez(path, **members)


def of_head(**changes):
    return lambda text: np.array(json.dumps(json.loads(str(text)) | changes))


@pytest.mark.parametrize(("change", "said"), [
    ({"outcomes": lambda bits: bits ^ 1}, "altered"), ({"head": of_head(shots=5)}, "altered"),
    ({"head": of_head(shots=10**12)}, "altered"), ({"head": of_head(state="another")}, "altered"),
    ({"head": of_head(format=9)}, "renew qtrain"), ({"head": of_head(kind="molecule")}, "something else"),
    ({"head": of_head(shots="many")}, "damaged"), ({"head": lambda text: np.array("[")}, "damaged"),
    ({"head": lambda text: np.array("[]")}, "something else"), ({"x": lambda bits: bits.astype(float)}, "altered"),
    ({"x": lambda bits: np.array([{}], dtype=object)}, "damaged"),
])  # fmt: skip
def test_altered_files_are_told(change, said):
    made().save("kept.npz")
    rewritten("kept.npz", **change)
    with pytest.raises(QTrainError, match=said):
        Shadows.load("kept.npz")


def test_damaged_files_are_told(tmp_path):
    made(400).save("kept.npz")
    whole = (tmp_path / "kept.npz").read_bytes()
    for name, data in {"cut": whole[: len(whole) // 2], "empty": b"", "text": b"shots: 3", "bent": whole[:300] + b"?" + whole[301:]}.items():
        (tmp_path / "bad.npz").write_bytes(data)
        with pytest.raises(QTrainError) as caught:
            Shadows.load("bad.npz")
        assert "bad.npz" in str(caught.value) and "\n" not in str(caught.value), name
    np.savez("other.npz", a=np.zeros(3))
    (tmp_path / "folder.npz").mkdir()
    for name in ("other.npz", "folder.npz", "nowhere.npz", "kept.json", 3):
        with pytest.raises(QTrainError, match="path should be"):
            Shadows.load(name)


def test_a_digest_does_not_make_nonsense_right():
    """Bases of 0 are no letters, whoever signed them."""
    from pathlib import Path

    from qtrain.shadows import store

    store.write(Path("zero.npz"), np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint8), {"repeats": 1})
    with pytest.raises(QTrainError, match="zero.npz: bases should hold 1, 2 and 3"):
        Shadows.load("zero.npz")
    store.write(Path("more.npz"), np.ones((2, 2), np.uint8), np.zeros((2, 2), np.uint8), {"colour": 1})
    with pytest.raises(QTrainError, match="more.npz"):
        Shadows.load("more.npz")


GOOD = np.full((4, 2), 2)


@pytest.mark.parametrize(("arguments", "said"), [
    ((GOOD * 0, GOOD * 0), "bases should hold 1, 2 and 3"), ((GOOD, GOOD), "outcomes should hold 0 and 1"),
    ((GOOD, GOOD[:3] * 0), "shape of bases"), ((GOOD[0], GOOD[0] * 0), "at least one of both"), ((GOOD[:0], GOOD[:0]), "at least one"),
    (("zz", GOOD), "bases"), ((GOOD + 0.0, GOOD * 0), "bases"), ((GOOD, GOOD * 0, 3), "divide the 4 shots"),
    ((GOOD + np.arange(4)[:, None] % 2, GOOD * 0, 2), "equal in groups"), ((GOOD, GOOD * 0, 1, (-1,)), "seeds"),
    ((GOOD, GOOD * 0, 1, (), 3), "text"), ((GOOD + 256, GOOD * 0), "bases"), ((None, None), "bases"),
])  # fmt: skip
def test_what_are_no_shadows(arguments, said):
    with pytest.raises(QTrainError, match=said):
        Shadows(*arguments)


@pytest.mark.parametrize("paulis", [["ZZ"], ["QQQ"], None, 3, []])
def test_what_are_no_strings(paulis):
    with pytest.raises(QTrainError, match="paulis should"):
        made().expectations(paulis)
