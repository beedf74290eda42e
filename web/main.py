"""The interface: events in, calls to the worker out, what it answers onto the page."""

import asyncio
import json

from pyscript import document, fetch, window, workers
from pyscript.ffi import create_proxy

from web import view
from web.profile_editor import ProfileEditor
from web.query import is_address, job, kept_request, wanted_grid
from web.save import save_curve
from web.share import said_of_link, seen
from web.state import after, gone
from web.table import as_csv, as_markdown
from web.why import Why

KEPT = "phantomgpu.kept"
WORDS = {
    "compare": "Comparing",
    "inspect": "Reading the model",
    "curve": "Drawing the curve",
}


class Page:
    """The one state, and the engine once it is there."""

    def __init__(self, state):
        self.state = state
        self.engine = None
        self.is_pumping = False
        self.fetched = []
        self.why = None
        self.profiles = None

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
        name = "inspect" if kind == "inspect" else "compare"
        answer = await self.call(name, json.dumps(request))
        if "error" in answer:
            self.dispatch({"type": "failed", "error": answer["error"], "request": request})
        elif kind == "inspect":
            self.dispatch({"type": "inspected", "request": request, "document": answer["ok"]})
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

    async def open(self, opener, name, model):
        """Read a file in the worker, or an address: what `open_file` or `open_address` takes."""
        if self.engine is None:
            self.dispatch(
                {"type": "noticed", "text": "The engine is still loading: your file is next."}
            )
            await self.started.wait()
        self.dispatch({"type": "working", "text": "Reading {}".format(name)})
        answer = await self.call(opener, model)
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
        answer = await self.call("encode_link", json.dumps(self.state["request"]), saw)
        if "error" in answer:
            self.dispatch({"type": "failed", "error": answer["error"]})
            return
        link = answer["ok"]["link"]
        window.history.replaceState(None, "", link)
        window.navigator.clipboard.writeText(window.location.href)
        self.dispatch({"type": "noticed", "text": said_of_link(self.state, len(link))})

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


def restart():
    """Start the page anew with what was set; long work and a broken engine end with it.

    Python in a worker cannot be interrupted without headers that a static host lacks.
    """
    window.sessionStorage.setItem(KEPT, json.dumps(kept_request(page.state)))
    window.location.reload()


def spawn(coroutine):
    """Let a coroutine run beside; MicroPython's loop itself keeps what it runs."""
    asyncio.create_task(coroutine)


def told(element, name):
    """What an element's ``data-`` attribute of that name says, or nothing."""
    return element.getAttribute("data-" + name) or ""


def action_of(target):
    """The nearest element that says what it does, and what that is."""
    found = target.closest("[data-do]") if target else None
    return (found, told(found, "do")) if found else (None, "")


def on_click(event):
    """A press of a button, or of an option of a list."""
    element, action = action_of(event.target)
    if element is None:
        if page.state["model_open"]:
            page.dispatch({"type": "model_closed"})
        return
    if action in SIMPLE:
        page.dispatch(dict(SIMPLE[action], id=told(element, "id")))
    elif action == "batch":
        page.dispatch({"type": "batch_toggled", "batch": int(told(element, "id"))})
    elif action == "show-batch":
        page.dispatch({"type": "batch_shown", "batch": int(told(element, "id"))})
    elif action == "metric":
        page.dispatch({"type": "metric_shown", "metric": told(element, "id")})
    elif action == "sort":
        page.dispatch({"type": "sorted", "key": told(element, "key")})
    elif action == "model-search" and not page.state["model_open"]:
        page.dispatch({"type": "model_typed", "text": element.value})
    elif action == "address":
        open_address()
    elif action == "choose":
        document.getElementById("file").click()
    elif action == "reveal":
        view.reveal(element)
    elif action == "theme":
        change_theme()
    elif action == "restart":
        restart()
    elif action == "share":
        spawn(page.share())
    elif action == "curve-save":
        spawn(save_curve(page.state, told(element, "kind")))
    elif action == "copy-csv":
        copy(as_csv(shown_result()), "CSV")
    elif action == "copy-markdown":
        gpus = {gpu["id"]: gpu for gpu in page.state["catalog"]["gpus"]}
        copy(as_markdown(shown_result(), gpus), "Markdown")


SIMPLE = {
    "model": {"type": "model_chosen"},
    "precision": {"type": "precision_toggled"},
    "runtime": {"type": "runtime_toggled"},
    "pin": {"type": "pinned"},
    "dismiss": {"type": "dismissed"},
}


def shown_result():
    """All cells of the comparison that is shown."""
    result = page.state["result"]
    return result["comparison"]["cells"] if result else []


def copy(text, name):
    """Put text on the clipboard and say so."""
    window.navigator.clipboard.writeText(text)
    page.dispatch({"type": "noticed", "text": "{} copied.".format(name)})


def change_theme():
    """The other theme, remembered on this machine."""
    theme = "light" if view.is_dark() else "dark"
    window.localStorage.setItem("phantomgpu.theme", theme)
    page.dispatch({"type": "themed", "theme": theme})


def on_input(event):
    """Something typed into a search."""
    action = told(event.target, "do")
    if action == "model-search":
        page.dispatch({"type": "model_typed", "text": event.target.value})
    elif action == "gpu-search":
        page.dispatch({"type": "gpu_typed", "text": event.target.value})


def on_change(event):
    """A field left or a box ticked."""
    element = event.target
    action = told(element, "do")
    if action == "gpu":
        page.dispatch({"type": "gpu_toggled", "id": told(element, "id")})
    elif action == "dim":
        page.dispatch({"type": "dim_set", "symbol": told(element, "symbol"), "text": element.value})
    elif action == "batch-text" and element.value.strip():
        page.dispatch({"type": "batches_typed", "text": element.value})
        element.value = ""
    elif action == "file" and element.files.length:
        file = element.files.item(0)
        spawn(page.open("open_file", file.name, file))
        element.value = ""


def on_key(event):
    """Keys in the search of models: arrows, Enter, Escape."""
    if event.target.id != "model-search":
        return
    if event.key == "ArrowDown" or event.key == "ArrowUp":
        event.preventDefault()
        page.dispatch({"type": "model_moved", "by": 1 if event.key == "ArrowDown" else -1})
    elif event.key == "Enter":
        active = document.querySelector("#models .active")
        if is_address(page.state["model_filter"]):
            open_address()
        elif active:
            page.dispatch({"type": "model_chosen", "id": told(active, "id")})
    elif event.key in ("Escape", "Tab") and page.state["model_open"]:
        page.dispatch({"type": "model_closed"})


def open_address():
    """Read the model whose address was typed."""
    address = page.state["model_filter"].strip()
    page.dispatch({"type": "model_closed"})
    spawn(page.open("open_address", address, address))


def on_drag(event):
    """A file above the page: it may be dropped anywhere."""
    event.preventDefault()
    view.drag(True)


def on_drag_end(event):
    """It went away again."""
    if not event.relatedTarget:
        view.drag(False)


def on_drop(event):
    """A file dropped on the page."""
    event.preventDefault()
    view.drag(False)
    if event.dataTransfer and event.dataTransfer.files.length:
        file = event.dataTransfer.files.item(0)
        is_profile = file.name.endswith(".toml") and not file.name.endswith(".phantom.toml")
        if is_profile:
            spawn(page.profiles.open_file(file))
        else:
            spawn(page.open("open_file", file.name, file))


def on_progress(event):
    """How far the engine's downloads are."""
    if page.state["engine"]["phase"] != "loading":
        return
    done, total = event.data.loaded / 1e6, event.data.total / 1e6
    text = "Python engine {:.1f} of {:.1f} MB".format(done, total)
    if done >= total:
        text = "Starting the Python engine"
    page.dispatch({"type": "engine", "phase": "loading", "text": text})


def on_link(_event):
    """Another link in the address of the same tab."""
    if has_link() and page.engine is not None:
        spawn(page.open_link(window.location.hash))


def has_link():
    """Whether the address ends in a share link, damaged or not."""
    return window.location.hash.startswith("#p")


def on_resize(_event):
    """The charts are drawn for their width."""
    view.draw(page.state)
    page.why.follow()


def listen():
    """Connect the document's events."""
    for name, handler in (
        ("click", on_click),
        ("input", on_input),
        ("change", on_change),
        ("keydown", on_key),
        ("dragover", on_drag),
        ("dragleave", on_drag_end),
        ("drop", on_drop),
    ):
        document.addEventListener(name, create_proxy(handler))
    window.onresize = create_proxy(on_resize)
    window.onhashchange = create_proxy(on_link)
    channel = window.BroadcastChannel.new("phantomgpu-engine")
    channel.onmessage = create_proxy(on_progress)


page = Page(view.first_state())
page.started = asyncio.Event()
listen()
view.draw(page.state)
page.why = Why(page)
page.profiles = ProfileEditor(page)
spawn(page.start_engine())
