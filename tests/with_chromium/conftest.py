"""One browser for all tests of this folder; without one, one sentence."""

import pytest
from chromium import MISSING, browser, executable


@pytest.fixture(scope="session")
def chromium():
    try:
        executable()
    except AssertionError:
        pytest.exit(MISSING, returncode=1)
    with browser() as page:
        yield page


@pytest.fixture
def page(chromium):
    """A tab that keeps nothing from test to test; whatever it logs, or asks the network for, is a failure."""
    yield chromium
    chromium.run("(() => { try { localStorage.clear(); } catch { /* a page without one */ } })()")
    assert chromium.logged == []
    assert not [url for url in chromium.asked if not url.startswith(("file:", "data:"))]
