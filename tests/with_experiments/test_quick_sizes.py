"""The quick size of every study, against its expected.json: what ``make experiments`` runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent.parent
EXPERIMENTS = REPOSITORY / "experiments"
STUDIES = sorted(str(path.parent.relative_to(EXPERIMENTS)) for path in EXPERIMENTS.glob("1[0-9][0-9]_*/**/run.py"))
# Where they are recorded: by default in the empty folder of the test.
STORE = os.environ.get("EXPERIMENTS_STORE", "sqlite:///mlruns/mlflow.db")


@pytest.mark.parametrize("study", STUDIES)
def test_quick_size(study, tmp_path):
    """Computed anew; its table is printed, also when every number is as expected."""
    script = EXPERIMENTS / study / "run.py"
    options = ["--results", str(tmp_path / "results"), "--tracking-uri", STORE]
    done = subprocess.run([sys.executable, str(script), "quick", *options], capture_output=True, text=True)
    print(done.stdout)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-4000:]
