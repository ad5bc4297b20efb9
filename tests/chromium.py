"""A real Chromium for tests of pages, spoken to by its DevTools protocol: no driver beside it, nothing downloaded."""

from __future__ import annotations

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = (
    "these tests need Chromium: install it (Debian and Ubuntu: apt-get install chromium), or name its file in "
    "QTRAIN_CHROMIUM"
)
PATIENCE = 60  # seconds for anything; a loaded machine is slow
KEYS = {"Enter": 13, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Tab": 9, "Escape": 27, "Home": 36}


class Page:
    """One tab: what it logged, what it asked the network for, and how one points, types and looks."""

    def __init__(self, address: str) -> None:
        from websockets.sync.client import connect

        self.socket = connect(address, max_size=None)
        self.numbers = itertools.count(1)
        self.logged: list[str] = []
        self.asked: list[str] = []
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self.numbers)
        self.socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self.socket.recv(timeout=PATIENCE))
            if message.get("id") == number:
                assert "error" not in message, f"{method}: {message['error']}"
                return dict(message["result"])
            self._note(message)

    def _note(self, message: dict[str, Any]) -> None:
        method, data = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.logged.append(data["exceptionDetails"].get("exception", {}).get("description", "exception"))
        elif method == "Runtime.consoleAPICalled" and data["type"] in ("error", "warning", "assert"):
            self.logged.append(json.dumps(data["args"])[:500])
        elif method == "Log.entryAdded" and data["entry"]["level"] in ("error", "warning"):
            self.logged.append(data["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.asked.append(data["request"]["url"])

    def run(self, script: str) -> Any:
        """The value of an expression in the page."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, script: str) -> Any:
        """Wait for an expression to be true."""
        end = time.monotonic() + PATIENCE
        while not (found := self.run(script)):
            assert time.monotonic() < end, f"never came true: {script}"
            time.sleep(0.05)
        return found

    def open(self, path: Path, *, width: int = 1200, height: int = 900, dark: bool = False) -> None:
        self.size(width, height)
        scheme = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.call("Emulation.setEmulatedMedia", features=scheme)
        self.logged.clear()
        self.asked.clear()
        self.call("Page.navigate", url=path.resolve().as_uri())
        self.until(f"document.readyState === 'complete' && location.href.startsWith({json.dumps(path.resolve().as_uri())})")

    def size(self, width: int, height: int) -> None:
        phone = width < 500
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=phone)

    def middle(self, selector: str) -> tuple[float, float]:
        """Where an element is, once it is in sight and all has come to rest."""
        found = self.run(
            f"(async () => {{ const e = document.querySelector({json.dumps(selector)}); e.scrollIntoView({{block: "
            "'center', inline: 'center', behavior: 'instant'}); let at = [], still = 0; "
            "for (let k = 0; k < 200 && still < 3; k += 1) { await new Promise(requestAnimationFrame); "
            "const r = e.getBoundingClientRect(), now = [r.x + r.width / 2, r.y + r.height / 2]; "
            "still = now[0] === at[0] && now[1] === at[1] ? still + 1 : 0; at = now; } return at; })()"
        )
        return float(found[0]), float(found[1])

    def hover(self, selector: str) -> None:
        x, y = self.middle(selector)
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, selector: str) -> None:
        x, y = self.middle(selector)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def wheel(self, selector: str, by: float, *, control: bool = False) -> None:
        x, y = self.middle(selector)
        held = 2 if control else 0
        self.call("Input.dispatchMouseEvent", type="mouseWheel", x=x, y=y, deltaX=0, deltaY=by, modifiers=held)

    def key(self, name: str) -> None:
        text = {"Enter": "\r"}.get(name, name if len(name) == 1 else "")
        code = KEYS.get(name, ord(name[0].upper()) if len(name) == 1 and name.isalnum() else 0)
        down = {"type": "keyDown" if text else "rawKeyDown", "key": name, "text": text, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", **down)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name, windowsVirtualKeyCode=code)

    def write(self, text: str) -> None:
        self.call("Input.insertText", text=text)

    def picture(self, path: Path, *, whole: bool = False, clip: tuple[float, float, float, float] | None = None) -> None:
        """A PNG of what is seen, of the whole page, or of a part (x, y, width, height)."""
        more: dict[str, Any] = {"captureBeyondViewport": whole}
        if clip is not None:
            more["clip"] = {**dict(zip(("x", "y", "width", "height"), clip)), "scale": 1}
        path.write_bytes(base64.b64decode(self.call("Page.captureScreenshot", format="png", **more)["data"]))


def executable() -> str:
    """Chromium's file; a failure with what to do where there is none."""
    found = os.environ.get("QTRAIN_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    assert found and shutil.which(found), MISSING
    return found


@contextmanager
def browser() -> Iterator[Page]:
    """A new Chromium with an empty profile and one page; ended again in any case."""
    with tempfile.TemporaryDirectory(prefix="qtrain-chromium-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [executable(), "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
             f"--user-data-dir={profile}", "--remote-debugging-port=0", "about:blank"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        page = None
        try:
            page = Page(_address(Path(profile) / "DevToolsActivePort", process))
            yield page
        finally:
            if page is not None:
                page.socket.close()
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _address(port: Path, process: subprocess.Popen[bytes]) -> str:
    """The address of the first tab, once the browser has written its port."""
    from urllib.request import urlopen

    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        assert process.poll() is None, f"Chromium ended with code {process.returncode}"
        if port.is_file() and (lines := port.read_text().split()):
            with urlopen(f"http://127.0.0.1:{lines[0]}/json/list", timeout=PATIENCE) as answer:
                tabs = [tab for tab in json.load(answer) if tab["type"] == "page"]
            if tabs:
                return str(tabs[0]["webSocketDebuggerUrl"])
        time.sleep(0.1)
    raise AssertionError(f"Chromium opened no page within {PATIENCE} seconds")
