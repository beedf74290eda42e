"""Events of the document -> events of the state: what a press, a key or a dropped file means."""

import asyncio
import json

from pyscript import document, window
from pyscript.ffi import create_proxy

from web import view
from web.models import model_name
from web.query import is_address, kept_request
from web.save import save_curve
from web.table import as_csv, as_markdown

KEPT = "phantomgpu.kept"
SAVED = ".phantom.toml"

SIMPLE = {
    "model": {"type": "model_chosen"},
    "model-remove": {"type": "model_removed"},
    "precision": {"type": "precision_toggled"},
    "runtime": {"type": "runtime_toggled"},
    "pin": {"type": "pinned"},
    "dismiss": {"type": "dismissed"},
}
"""What a press means where the element says all there is to say: its id."""


def spawn(coroutine):
    """Let a coroutine run beside; MicroPython's loop itself keeps what it runs."""
    asyncio.create_task(coroutine)


def told(element, name):
    """What an element's ``data-`` attribute of that name says, or nothing."""
    return element.getAttribute("data-" + name) or ""


def has_link():
    """Whether the address ends in a share link, damaged or not."""
    return window.location.hash.startswith("#p")


class Events:
    """The page's ears.

    Args:
        page: Takes events of the state, and has the engine.
    """

    def __init__(self, page):
        self.page = page

    def listen(self):
        """Connect the document's events."""
        for name, handler in (
            ("click", self.on_click),
            ("input", self.on_input),
            ("change", self.on_change),
            ("keydown", self.on_key),
            ("dragover", self.on_drag),
            ("dragleave", self.on_drag_end),
            ("drop", self.on_drop),
        ):
            document.addEventListener(name, create_proxy(handler))
        window.onresize = create_proxy(self.on_resize)
        window.onhashchange = create_proxy(self.on_link)
        channel = window.BroadcastChannel.new("phantomgpu-engine")
        channel.onmessage = create_proxy(self.on_progress)
        cells = window.BroadcastChannel.new("phantomgpu-cells")
        cells.onmessage = create_proxy(self.page.on_cells)

    def on_click(self, event):
        """A press of a button, or of an option of a list."""
        page, target = self.page, event.target
        element = target.closest("[data-do]") if target else None
        if element is None:
            if page.state["model_open"]:
                page.dispatch({"type": "model_closed"})
            return
        action, name = told(element, "do"), told(element, "id")
        if action in SIMPLE:
            page.dispatch(dict(SIMPLE[action], id=name))
        elif action in ("batch", "show-batch"):
            kind = "batch_toggled" if action == "batch" else "batch_shown"
            page.dispatch({"type": kind, "batch": int(name)})
        elif action == "metric":
            page.dispatch({"type": "metric_shown", "metric": name})
        elif action == "sort":
            page.dispatch({"type": "sorted", "key": told(element, "key")})
        elif action == "model-search" and not page.state["model_open"]:
            page.dispatch({"type": "model_typed", "text": element.value})
        elif action == "reveal":
            view.reveal(element)
        else:
            self.do(action, element)

    def do(self, action, element):
        """A press that does more than change the state."""
        page = self.page
        if action == "model-add":
            page.dispatch({"type": "model_adding"})
            if page.state["adding"]:
                document.getElementById("model-search").focus()
        elif action == "address":
            self.open_address()
        elif action == "read-shared":
            self.read(told(element, "id"))
        elif action == "choose":
            document.getElementById("file").click()
        elif action == "theme":
            self.change_theme()
        elif action == "restart":
            self.restart()
        elif action == "share":
            spawn(page.share())
        elif action == "save-comparison":
            spawn(page.save())
        elif action == "open-comparison":
            document.getElementById("saved-file").click()
        elif action == "curve-save":
            spawn(save_curve(page.state, told(element, "kind")))
        elif action == "copy-csv":
            self.copy(as_csv(self.shown()), "CSV")
        elif action == "copy-markdown":
            state = page.state
            gpus = {gpu["id"]: gpu for gpu in state["catalog"]["gpus"]}
            models = {cell["model"]: model_name(state, cell["model"]) for cell in self.shown()}
            self.copy(as_markdown(self.shown(), gpus, models), "Markdown")

    def shown(self):
        """All cells of the comparison that is shown."""
        result = self.page.state["result"]
        return result["comparison"]["cells"] if result else []

    def copy(self, text, name):
        """Put text on the clipboard and say so."""
        window.navigator.clipboard.writeText(text)
        self.page.dispatch({"type": "noticed", "text": "{} copied.".format(name)})

    def restart(self):
        """Start the page anew with what was set; long work and a broken engine end with it.

        Python in a worker cannot be interrupted without headers that a static host lacks.
        """
        kept = json.dumps(kept_request(self.page.state))
        window.sessionStorage.setItem(KEPT, kept)
        window.location.reload()

    def change_theme(self):
        """The other theme, remembered on this machine."""
        theme = "light" if view.is_dark() else "dark"
        window.localStorage.setItem("phantomgpu.theme", theme)
        self.page.dispatch({"type": "themed", "theme": theme})

    def on_input(self, event):
        """Something typed into a search."""
        action = told(event.target, "do")
        if action == "model-search":
            self.page.dispatch({"type": "model_typed", "text": event.target.value})
        elif action == "gpu-search":
            self.page.dispatch({"type": "gpu_typed", "text": event.target.value})

    def on_change(self, event):
        """A field left, a box ticked, a file chosen."""
        page, element = self.page, event.target
        action = told(element, "do")
        if action == "gpu":
            page.dispatch({"type": "gpu_toggled", "id": told(element, "id")})
        elif action == "dim":
            symbol = told(element, "symbol")
            page.dispatch({"type": "dim_set", "symbol": symbol, "text": element.value})
        elif action == "load":
            field = told(element, "field")
            page.dispatch({"type": "load_set", "field": field, "text": element.value})
        elif action == "batch-text" and element.value.strip():
            page.dispatch({"type": "batches_typed", "text": element.value})
            element.value = ""
        elif action == "curve-axis":
            axis = told(element, "axis")
            page.dispatch({"type": "curve_chosen", "axis": axis, "id": element.value})
        elif action == "share-table":
            page.dispatch({"type": "table_toggled"})
        elif action == "file" and element.files.length:
            self.open_files(element.files)
            element.value = ""
        elif action == "saved-file" and element.files.length:
            spawn(page.open_saved(element.files.item(0)))
            element.value = ""

    def on_key(self, event):
        """Keys in the search of models: arrows, Enter, Escape."""
        page = self.page
        if event.target.id != "model-search":
            return
        if event.key == "ArrowDown" or event.key == "ArrowUp":
            event.preventDefault()
            page.dispatch({"type": "model_moved", "by": 1 if event.key == "ArrowDown" else -1})
        elif event.key == "Enter":
            active = document.querySelector("#models .active")
            if is_address(page.state["model_filter"]):
                self.open_address()
            elif active:
                page.dispatch({"type": "model_chosen", "id": told(active, "id")})
        elif event.key in ("Escape", "Tab") and page.state["model_open"]:
            page.dispatch({"type": "model_closed"})

    def open_address(self):
        """Read the model whose address was typed."""
        self.read(self.page.state["model_filter"].strip())

    def read(self, address):
        """Read a model from where it lies."""
        self.page.dispatch({"type": "model_closed"})
        spawn(self.page.open("open_address", address, address))

    def open_files(self, files):
        """Open what was chosen or dropped: a profile, a comparison, one model or two."""
        page, first = self.page, files.item(0)
        if first.name.endswith(SAVED):
            spawn(page.open_saved(first))
        elif first.name.endswith(".toml"):
            spawn(page.profiles.open_file(first))
        else:
            spawn(self.open_models([files.item(at) for at in range(min(2, files.length))]))

    async def open_models(self, files):
        """One model, or two to be held against each other."""
        await self.page.open("open_file", files[0].name, files[0])
        if len(files) > 1 and self.page.state["error"] is None:
            if not self.page.state["adding"]:
                self.page.dispatch({"type": "model_adding"})
            await self.page.open("open_file", files[1].name, files[1])

    def on_drag(self, event):
        """A file above the page: it may be dropped anywhere."""
        event.preventDefault()
        view.drag(True)

    def on_drag_end(self, event):
        """It went away again."""
        if not event.relatedTarget:
            view.drag(False)

    def on_drop(self, event):
        """A file dropped on the page."""
        event.preventDefault()
        view.drag(False)
        if event.dataTransfer and event.dataTransfer.files.length:
            self.open_files(event.dataTransfer.files)

    def on_progress(self, event):
        """How far the engine's downloads are."""
        if self.page.state["engine"]["phase"] != "loading":
            return
        done, total = event.data.loaded / 1e6, event.data.total / 1e6
        text = "Python engine {:.1f} of {:.1f} MB".format(done, total)
        if done >= total:
            text = "Starting the Python engine"
        self.page.dispatch({"type": "engine", "phase": "loading", "text": text})

    def on_link(self, _event):
        """Another link in the address of the same tab."""
        if has_link() and self.page.engine is not None:
            spawn(self.page.open_link(window.location.hash))

    def on_resize(self, _event):
        """The charts are drawn for their width."""
        view.draw(self.page.state)
        self.page.why.follow()
