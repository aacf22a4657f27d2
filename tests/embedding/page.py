# SPDX-License-Identifier: Apache-2.0
"""page.py CHROMIUM SERVICE FOLDER: the Python service's page in a real browser: its buttons pressed, and what its table then shows.

The browser is told what to do through its own debugging port, with no library but aiohttp.
"""

from __future__ import annotations

import asyncio
import itertools
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

import aiohttp

PATIENCE = 120  # s, for anything
ROWS = "[...document.querySelectorAll('#events tr')].map(r => [r.className, ...[...r.cells].map(c => c.textContent)])"


class Tab:
    """A page, asked by expressions of JavaScript. What goes wrong in it is kept."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket, self.numbers, self.faults = socket, itertools.count(1), []

    async def call(self, method: str, **params: Any) -> dict[str, Any]:
        number = next(self.numbers)
        await self.socket.send_json({"id": number, "method": method, "params": params})
        while (told := await self.socket.receive_json(timeout=PATIENCE)).get("id") != number:
            if told["method"] in ("Runtime.exceptionThrown", "Log.entryAdded", "Page.javascriptDialogOpening"):
                if not told["params"].get("entry", {}).get("url", "").endswith("/favicon.ico"):  # it has none, and asks for none
                    self.faults.append(told["params"])
        assert "error" not in told, told
        return told["result"]

    async def value(self, expression: str) -> Any:
        result = await self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result
        return result["result"].get("value")

    async def until(self, expression: str) -> None:
        for _ in range(PATIENCE * 10):
            if await self.value(expression):
                return
            await asyncio.sleep(0.1)
        raise AssertionError(f"not in time: {expression}: {await self.value('document.body.innerText')}")

    async def press(self, cluster: str, button: str) -> None:
        item = f"[...document.querySelectorAll('#clusters li')].find(i => i.firstChild.textContent === '{cluster}')"
        await self.value(f"[...{item}.querySelectorAll('button')].find(b => b.textContent === '{button}').click()")

    async def run(self, cluster: str, button: str) -> list[list[str]]:
        """What the table shows when the run of this button is over."""
        await self.press(cluster, button)
        await self.until(f"document.getElementById('which').textContent === '{cluster}' && {ROWS}.some(r => r[2] === 'plan-done')")
        return await self.value(ROWS)


async def answers(session: aiohttp.ClientSession, page: str) -> None:
    for _ in range(PATIENCE * 10):
        try:
            async with session.get(page):
                return
        except aiohttp.ClientConnectionError:
            await asyncio.sleep(0.1)
    raise AssertionError("the service does not answer")


async def open_tab(session: aiohttp.ClientSession, profile: Path, page: str) -> Tab:
    port = profile / "DevToolsActivePort"
    for _ in range(PATIENCE * 10):
        if port.exists() and port.read_text().count("\n"):
            break
        await asyncio.sleep(0.1)
    debugger = f"http://127.0.0.1:{port.read_text().split()[0]}"
    async with session.put(f"{debugger}/json/new?about:blank") as answer:
        made = await answer.json()
    tab = Tab(await session.ws_connect(made["webSocketDebuggerUrl"], max_msg_size=0))
    for domain in ("Runtime", "Log", "Page"):
        await tab.call(f"{domain}.enable")
    await tab.call("Page.navigate", url=page)
    await tab.until("document.querySelectorAll('#clusters li').length === 3")
    return tab


def steps(rows: list[list[str]], name: str) -> list[str]:
    return [verdict for _, _, step, verdict, _ in rows if step == name and verdict]


async def look(tab: Tab) -> None:
    rows = await tab.run("check", "plan")
    assert steps(rows, "kubeadm.join") == ["absent, changed"] * 2 and {r[1] for r in rows} > {"cluster1-master1", "cluster1-worker2"}, rows
    assert rows[-1] == ["", "", "plan-done", "changed", ""], rows[-1]
    print("ok: the page: plan")
    rows = await tab.run("complete", "up")
    assert steps(rows, "kubeadm.join") == ["present"] * 2 and not any(r[0] for r in rows), rows
    print("ok: the page: up")
    rows = await tab.run("fresh", "up")
    assert steps(rows, "kubeadm.join") == ["absent, changed"] * 2, rows
    print("ok: the page: up, with changes")
    assert await tab.value("document.styleSheets.length") == 1
    assert tab.faults == [], tab.faults


async def main(chromium: str, service: str, folder: str) -> None:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        programs = [
            await asyncio.create_subprocess_exec(sys.executable, "-W", "error", service, folder, str(port), stdout=asyncio.subprocess.DEVNULL),
            await asyncio.create_subprocess_exec(
                chromium, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking",
                "--remote-debugging-port=0", f"--user-data-dir={profile}", "about:blank", stderr=asyncio.subprocess.DEVNULL),
        ]  # fmt: skip
        try:
            async with aiohttp.ClientSession() as session:
                await answers(session, f"http://127.0.0.1:{port}/")
                await look(await open_tab(session, Path(profile), f"http://127.0.0.1:{port}/"))
        finally:
            for program in programs:
                program.terminate()
                await program.wait()


asyncio.run(main(*sys.argv[1:]))
