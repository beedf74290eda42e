"""The interface: events in, calls to the worker out, what it answers onto the page."""

import asyncio
import json

from pyscript import fetch, window, workers
from pyscript.ffi import create_proxy

from web import view
from web.events import KEPT, Events, has_link, spawn
from web.models import free_name
from web.profile_editor import ProfileEditor
from web.query import job, wanted_grid
from web.save import save
from web.share import said_of_link, seen
from web.state import after, gone
from web.why import Why

WORDS = {
    "compare": "Comparing",
    "inspect": "Reading the model",
    "curve": "Drawing the curve",
    "differences": "Holding the models against each other",
}

TAB = str(int(window.Math.random() * 1e9))
"""Tells this tab from others of the same page."""


class Page:
    """The one state, and the engine once it is there."""

    def __init__(self, state):
        self.state = state
        self.engine = None
        self.is_pumping = False
        self.fetched = []
        self.why = None
        self.profiles = None
        self.asked = 0
        self.at = None

    def dispatch(self, event):
        """One event: the next state, on the page, and the engine's next job."""
        self.state = after(self.state, event)
        view.draw(self.state)
        if self.why:
            self.why.follow()
        if self.profiles:
            self.profiles.follow()
        model = wanted_grid(self.state)
        if model and model not in self.fetched:
            self.fetched.append(model)
            spawn(self.fetch_grid(model))
        if not self.is_pumping and job(self.state) is not None:
            spawn(self.pump())

    async def pump(self):
        """Give the engine one job after the other until there is none left."""
        self.is_pumping = True
        try:
            while True:
                wanted = job(self.state)
                if wanted is None:
                    break
                await self.do(wanted[0], wanted[1])
        finally:
            self.is_pumping = False

    async def do(self, kind, request):
        """One job of the engine, from request to event."""
        self.dispatch({"type": "working", "text": WORDS[kind]})
        text = json.dumps(request)
        if kind == "compare":
            self.asked += 1
            self.at = request
            answer = await self.call("compare_streaming", text, self.ticket())
        else:
            answer = await self.call("compare" if kind == "curve" else kind, text)
        if "error" in answer:
            self.dispatch({"type": "failed", "error": answer["error"], "request": request})
        elif kind == "inspect":
            self.dispatch({"type": "inspected", "request": request, "document": answer["ok"]})
        elif kind == "differences":
            self.dispatch({"type": "told_apart", "request": request, "document": answer["ok"]})
        else:
            self.dispatch(
                {
                    "type": "compared" if kind == "compare" else "curved",
                    "request": request,
                    "comparison": answer["ok"],
                    "made": "tab",
                }
            )

    async def call(self, name, *arguments):
        """What the engine answers; an engine that is gone is an answer too."""
        try:
            return json.loads(await getattr(self.engine, name)(*arguments))
        except Exception as error:
            said = str(error).strip().split("\n")[-1] or "it stopped"
            self.dispatch({"type": "engine", "phase": "failed", "text": said})
            return {"error": gone(said)}

    def ticket(self):
        """What tells the cells of the running comparison from those of others, and other tabs."""
        return "{}-{}".format(TAB, self.asked)

    def on_cells(self, event):
        """Some cells of the comparison that the worker is at."""
        told = json.loads(event.data)
        if told["ticket"] == self.ticket():
            self.dispatch({"type": "streamed", "request": self.at, "cells": told["cells"]})

    async def open(self, opener, name, model):
        """Read a file in the worker, or an address: what `open_file` or `open_address` takes."""
        if self.engine is None:
            self.dispatch(
                {"type": "noticed", "text": "The engine is still loading: your file is next."}
            )
            await self.started.wait()
        self.dispatch({"type": "working", "text": "Reading {}".format(name)})
        answer = await self.call(opener, model, free_name(self.state, name))
        if "error" in answer:
            self.dispatch({"type": "failed", "error": answer["error"]})
            view.show_answer()
            return
        opened = answer["ok"]
        self.dispatch(
            {
                "type": "opened",
                "id": opened["id"],
                "size": opened["size"],
                "batch": opened["batch"],
            }
        )

    async def fetch_grid(self, model):
        """What the build computed for a built-in model, while the engine is loading."""
        answer = await fetch("./grid/{}.json".format(model))
        if answer.ok:
            grid = json.loads(await answer.text())
            self.dispatch({"type": "grid", "model": model, "grid": grid})

    async def share(self):
        """Copy a link that holds the whole comparison."""
        if self.engine is None:
            self.dispatch({"type": "noticed", "text": "The engine makes links, and is loading."})
            return
        saw = json.dumps(seen(self.state))
        made = await self.shared("encode_link", saw)
        if made is not None:
            link = made["link"]
            window.history.replaceState(None, "", link)
            window.navigator.clipboard.writeText(window.location.href)
            self.dispatch({"type": "noticed", "text": said_of_link(self.state, len(link))})

    async def save(self):
        """Have the browser save the comparison as a file."""
        if self.engine is None:
            self.dispatch({"type": "noticed", "text": "The engine writes files, and is loading."})
            return
        made = await self.shared("save_request")
        if made is not None:
            save("comparison.phantom.toml", made["text"], "application/toml")

    async def shared(self, name, *more):
        """What the engine makes of the request for others, or None."""
        with_table = "true" if self.state["with_table"] else "false"
        answer = await self.call(name, json.dumps(self.state["request"]), with_table, *more)
        if "error" in answer:
            self.dispatch({"type": "failed", "error": answer["error"]})
            return None
        return answer["ok"]

    async def open_saved(self, file):
        """Open a comparison that was saved as a file."""
        if self.engine is None:
            await self.started.wait()
        self.dispatch({"type": "working", "text": "Opening {}".format(file.name)})
        answer = await self.call("open_request", await file.text(), file.name)
        if "error" in answer:
            self.dispatch({"type": "failed", "error": answer["error"]})
            view.show_answer()
            return
        event = {"type": "restored", "request": answer["ok"]["request"], "saw": {}}
        self.dispatch(dict(event, from_link=True))

    async def open_link(self, link):
        """Restore what a share link holds; a damaged one is called damaged."""
        self.dispatch({"type": "working", "text": "Opening the shared comparison"})
        answer = await self.call("decode_link", link)
        if "error" in answer:
            self.dispatch({"type": "failed", "error": answer["error"]})
            return
        held = answer["ok"]
        event = {"type": "restored", "request": held["request"], "saw": held["saw"]}
        self.dispatch(dict(event, from_link=True))
        view.offer_to_read()

    async def notice_end(self):
        """Say so where the engine ends by itself: the lock that it holds is free then."""
        lock = await self.engine.alive()
        if lock:
            await window.navigator.locks.request(lock, create_proxy(lambda _lock: None))
            said = "its worker has ended"
            self.dispatch({"type": "engine", "phase": "failed", "text": said})
            self.dispatch({"type": "failed", "error": gone(said)})

    async def start_engine(self):
        """Wait for the worker, then ask it what there is to choose."""
        try:
            self.engine = await workers["core"]
            answer = json.loads(await self.engine.catalog())
        except Exception as error:
            answer = {"error": {"what": str(error).strip().split("\n")[-1]}}
        if "error" in answer:
            self.dispatch({"type": "engine", "phase": "failed", "text": answer["error"]["what"]})
            return
        self.dispatch({"type": "catalog", "catalog": answer["ok"]})
        spawn(self.notice_end())
        kept = window.sessionStorage.getItem(KEPT)
        if kept:
            window.sessionStorage.removeItem(KEPT)
            self.dispatch({"type": "restored", "request": json.loads(kept), "saw": {}})
        elif has_link():
            await self.open_link(window.location.hash)
        if not self.state["from_link"]:
            await self.profiles.remember(not kept)
        self.started.set()
        self.dispatch({"type": "engine", "phase": "ready"})


page = Page(view.first_state())
page.started = asyncio.Event()
Events(page).listen()
view.draw(page.state)
page.why = Why(page)
page.profiles = ProfileEditor(page)
spawn(page.start_engine())
