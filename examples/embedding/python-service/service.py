# SPDX-License-Identifier: Apache-2.0
"""Clusters on request: `service.py FOLDER [PORT]` serves the descriptions NAME.yaml in FOLDER.

GET  /                          a page with all of them
POST /clusters/NAME/up          begins; 202, or 409 when it is under way. With ?plan=1 it only says what it would change
POST /clusters/NAME/cancel      lets go of it
GET  /clusters/NAME/events      what happens, as Server-Sent Events, from the beginning of its last run; ends with the run

All clusters are in one asyncio loop, which is aiohttp's, and there is no thread. It listens on this machine only, and a page of another
site cannot begin anything: what changes something wants a header that such a page cannot send.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from pathlib import Path

import kb
from aiohttp import web

NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
HEADER = "X-Requested-By"


class Job:
    """One cluster: its last run, and what it has told so far. Any number of listeners, at any time."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.news = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    @property
    def is_running(self) -> bool:
        return self.task is not None and not self.task.done()

    def begin(self, description: Path, check: bool) -> None:
        self.lines = []
        self.task = asyncio.create_task(self._run(description, check))

    def tell(self, line: str) -> None:
        self.lines.append(line)
        self.news.set()
        self.news = asyncio.Event()

    async def _run(self, description: Path, check: bool) -> None:
        said_it = False
        try:
            async with kb.Context() as c:
                async for event in c.cluster(description).up(check=check):
                    self.tell(event.json())
                    said_it = event.kind == kb.EventKind.PLAN_DONE
        except kb.Error as e:
            if not said_it:
                self.tell(json.dumps({"event": "failed", "text": str(e), "fix": e.fix}))
        except asyncio.CancelledError:
            self.tell(json.dumps({"event": "canceled"}))
        finally:
            self.task = None
            self.tell("")

    async def listen(self, send: web.StreamResponse) -> None:
        lines, at = self.lines, 0
        while True:
            news = self.news
            while at < len(lines):
                if not lines[at]:
                    return
                await send.write(f"data: {lines[at]}\n\n".encode())
                at += 1
            if not self.is_running and at == len(lines):
                return
            await news.wait()


class Service:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.jobs: dict[str, Job] = {}

    def description(self, request: web.Request) -> tuple[Job, Path]:
        name = request.match_info["name"]
        path = self.folder / f"{name}.yaml"
        if not NAME.fullmatch(name) or not path.is_file():
            raise web.HTTPNotFound(text="there is no such cluster\n")
        return self.jobs.setdefault(name, Job()), path

    async def names(self, _: web.Request) -> web.Response:
        found = sorted(p.stem for p in self.folder.glob("*.yaml") if NAME.fullmatch(p.stem))
        return web.json_response([{"name": n, "running": n in self.jobs and self.jobs[n].is_running} for n in found])

    async def up(self, request: web.Request) -> web.Response:
        self.want_own_page(request)
        job, path = self.description(request)
        if job.is_running:
            raise web.HTTPConflict(text="it is under way\n")
        job.begin(path, check=request.query.get("plan") == "1")
        return web.Response(status=202, text="begun\n")

    async def cancel(self, request: web.Request) -> web.Response:
        self.want_own_page(request)
        job, _ = self.description(request)
        if job.task is not None:
            job.task.cancel()
        return web.Response(status=202, text="canceled\n")

    async def events(self, request: web.Request) -> web.StreamResponse:
        job, _ = self.description(request)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"})
        await response.prepare(request)
        await job.listen(response)
        await response.write(b"event: end\ndata:\n\n")
        return response

    def want_own_page(self, request: web.Request) -> None:
        if HEADER not in request.headers:
            raise web.HTTPForbidden(text=f"{HEADER} is missing\n")

    async def page(self, _: web.Request) -> web.StreamResponse:
        policy = {"Content-Security-Policy": "default-src 'self'"}
        return web.FileResponse(Path(__file__).with_name("static") / "index.html", headers=policy)

    async def close(self, _: web.Application) -> None:
        tasks = [job.task for job in self.jobs.values() if job.task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def make(folder: Path) -> web.Application:
    service, app = Service(folder), web.Application()
    app.add_routes([
        web.get("/", service.page),
        web.get("/clusters", service.names),
        web.post("/clusters/{name}/up", service.up),
        web.post("/clusters/{name}/cancel", service.cancel),
        web.get("/clusters/{name}/events", service.events),
        web.static("/static", Path(__file__).with_name("static")),
    ])  # fmt: skip
    app.on_shutdown.append(service.close)
    return app


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit("usage: service.py FOLDER [PORT]")
    web.run_app(make(Path(sys.argv[1])), host="127.0.0.1", port=int(sys.argv[2]) if len(sys.argv) == 3 else 8080)
