"""The section "Why": asks the engine for it, puts it in place, links its charts, saves them.

The engine draws it whole (`web.why_answer`); here is only what a pointer and a
keyboard do: choosing a row or a kernel, lighting what belongs together.
"""

import asyncio
import json

from pyscript import document, window
from pyscript.ffi import create_proxy

from web.query import is_settled
from web.save import save, save_chart
from web.view import chart_width
from web.why_packed import why_unpacked
from web.why_state import chosen_cell, file_name, why_request

TABLES = ("why-layer-table", "why-kernel-table", "why-step-table")
"""Tables equal to the charts; each is put in place when someone opens it."""

REDRAW = 24
"""Pixels by which the page must change before charts are drawn for another width."""

NEXT = {"ArrowRight": 1, "ArrowDown": 1, "ArrowLeft": -1, "ArrowUp": -1}


class Why:
    """What is explained, and what of it is selected.

    Args:
        page: Has the state of the page and its engine.
    """

    def __init__(self, page):
        self.page = page
        self.section = document.getElementById("why")
        self.chosen = None
        self.kernel = 0
        self.is_busy = False
        self.width = int(self.section.getAttribute("data-width") or 0)
        self.tables = {}
        written = self.section.getAttribute("data-request")
        self.shown = json.loads(written) if written else None
        if self.shown:
            self.section.setAttribute("data-drawn", self.name())
            self.show_selection()
        self.listen()

    def listen(self):
        """Connect the events of the section and of the table's rows."""
        for name, handler in (
            ("click", self.on_click),
            ("keydown", self.on_key),
            ("mouseover", self.on_hover),
        ):
            document.addEventListener(name, create_proxy(handler))

    def follow(self):
        """After every change of the page: explain what is shown now, once the engine is free."""
        self.mark_row()
        state = self.page.state
        wanted = why_request(state, self.chosen)
        if wanted is None or self.is_busy or not is_settled(state):
            return
        width = chart_width()
        if wanted != self.shown or abs(width - self.width) > REDRAW:
            self.is_busy = True
            spawn(self.draw(wanted, width))

    async def draw(self, wanted, width):
        """Have a point explained and put it in place."""
        self.section.setAttribute("aria-busy", "true")
        try:
            answer = await self.page.engine.why(json.dumps(wanted), width)
            self.shown, self.width, self.kernel = wanted, width, 0
            if answer.startswith("{"):
                self.page.dispatch({"type": "failed", "error": json.loads(answer)["error"]})
                return
            await self.place(why_unpacked(answer))
        finally:
            self.is_busy = False
            self.section.setAttribute("aria-busy", "false")
        self.section.setAttribute("data-drawn", self.name())
        self.follow()

    async def place(self, regions):
        """Put regions in place, one at a time so that the page never stalls."""
        ran = len(regions) > 1
        self.section.classList.toggle("empty-handed", not ran)
        self.section.classList.remove("first")
        self.tables = {}
        for name, html in regions:
            if name in TABLES and not _is_open(name):
                self.tables[name] = html
                document.getElementById(name).innerHTML = ""
                continue
            document.getElementById(name).innerHTML = html
            await asyncio.sleep(0)
        if ran:
            self.show_selection()

    def name(self):
        """The shown point as one word, for tests and for people who look."""
        shown = self.shown
        return "{}/{}/{}/{}/{}".format(
            shown["models"][0], shown["gpus"][0], shown["runtimes"][0],
            shown["precisions"][0], shown["batches"][0],
        )  # fmt: skip

    def mark_row(self):
        """Say in the table which row is explained."""
        cell = chosen_cell(self.page.state, self.chosen)
        for row in _all("#table tr.explained"):
            row.classList.remove("explained")
        if cell is not None:
            row = document.querySelector(
                "#table tr[data-gpu='{}'][data-runtime='{}'][data-precision='{}']"
                "[data-model='{}']".format(
                    cell["gpu"],
                    cell["runtime"],
                    cell["precision"],
                    window.CSS.escape(cell["model"]),
                )
            )
            if row:
                row.classList.add("explained")

    # What people do

    def on_click(self, event):
        """A row of the table, a kernel, a button of the section."""
        target = event.target
        button = target.closest("[data-do]")
        action = button.getAttribute("data-do") if button else ""
        if action == "why" or (not button and target.closest("#table tbody tr")):
            self.choose(target.closest("tr"), bool(button))
        elif action == "why-kernel" or action == "why-turn":
            self.select(int(button.getAttribute("data-k")), action)
        elif action == "why-save":
            spawn(self.save(button.getAttribute("data-chart"), button.getAttribute("data-kind")))
        elif action == "why-open":
            self.fill_table(button.getAttribute("data-table"))
        elif target.closest("#why .why-chart"):
            part = target.closest("[data-k]")
            if part:
                self.activate(target.closest(".opt"))
                self.select(int(part.getAttribute("data-k")), "")

    def choose(self, row, goes_there):
        """Explain the point of a row."""
        axes = ["gpu", "runtime", "precision"]
        if len(self.page.state["request"]["models"]) > 1:
            axes.append("model")
        self.chosen = {axis: row.getAttribute("data-" + axis) for axis in axes}
        self.page.dispatch({"type": "row_chosen", "row": self.chosen})
        if goes_there:
            document.getElementById("why-head").focus()

    def fill_table(self, name):
        """Put a table in place that someone opens."""
        if name in self.tables:
            document.getElementById(name).innerHTML = self.tables.pop(name)

    def on_key(self, event):
        """Arrows within a chart, Enter to its kernel's card."""
        chart = event.target
        if not hasattr(chart, "closest") or not chart.closest("#why svg.why-chart"):
            return
        if event.key in NEXT:
            event.preventDefault()
            self.step(chart, NEXT[event.key])
        elif event.key == "Home" or event.key == "End":
            event.preventDefault()
            options = chart.querySelectorAll("[role=option]")
            if options.length:
                self.arrive(options.item(0 if event.key == "Home" else options.length - 1))
        elif event.key == "Enter" or event.key == " ":
            event.preventDefault()
            document.getElementById("why-kernel-name").focus()

    def step(self, chart, by):
        """To the next or the last option of a chart."""
        held = chart.getAttribute("aria-activedescendant")
        option = document.getElementById(held) if held else None
        if not option:
            first = chart.querySelector("[role=option]")
            if first:
                self.arrive(first)
            return
        while True:
            option = option.nextElementSibling if by > 0 else option.previousElementSibling
            if not option:
                return
            if option.getAttribute("role") == "option":
                self.arrive(option)
                return

    def arrive(self, option):
        """An option by keyboard: it is the active one, and its kernel is selected."""
        self.activate(option)
        self.select(int(option.getAttribute("data-k")), "")

    def activate(self, option):
        """Make an option the one that arrows go on from."""
        chart = option.closest("svg")
        for other in _all(".opt.active", chart):
            other.classList.remove("active")
        option.classList.add("active")
        chart.setAttribute("aria-activedescendant", option.id)

    def on_hover(self, event):
        """Light what belongs together: a kernel everywhere, or a layer."""
        target = event.target
        option = target.closest("#why .opt") if hasattr(target, "closest") else None
        if not option:
            self.light("")
            return
        part = target.closest("[data-k]")
        if part.getAttribute("class") == option.getAttribute("class") and option.closest(
            "#why-svg-bars"
        ):
            rule = "[data-g~='{}']".format(option.getAttribute("data-g").strip())
            self.light("#why .opt:not({})".format(rule))
        else:
            rule = "[data-k='{}']".format(part.getAttribute("data-k"))
            self.light("#why .opt:not({0}):not(:has({0}))".format(rule))

    def light(self, others):
        """Dim everything else."""
        style = document.getElementById("why-light")
        text = others + "{opacity:.28}" if others else ""
        if style.textContent != text:
            style.textContent = text

    # Selection

    def select(self, kernel, action):
        """Show one kernel in every chart and in the card."""
        if kernel == self.kernel and action == "":
            return
        self.kernel = kernel
        self.show_selection()
        spawn(self.show_card(kernel, action))

    def show_selection(self):
        """Mark the selected kernel in every chart."""
        for part in _all("#why .chosen"):
            part.classList.remove("chosen")
            part.setAttribute("aria-selected", "false")
        for part in _all("#why .why-chart [data-k='{}']".format(self.kernel)):
            part.classList.add("chosen")
            if part.getAttribute("role") == "option":
                part.setAttribute("aria-selected", "true")

    async def show_card(self, kernel, action):
        """The card of a kernel, from the engine."""
        if self.page.engine is None:
            self.page.dispatch(
                {"type": "noticed", "text": "The engine is still loading; then every kernel opens."}
            )
            return
        card = document.getElementById("why-kernel")
        card.setAttribute("aria-busy", "true")
        answer = json.loads(await self.page.engine.why_kernel(json.dumps(self.shown), kernel))
        if "error" in answer:
            self.page.dispatch({"type": "failed", "error": answer["error"]})
        if "error" in answer or kernel != self.kernel:
            return
        card.setAttribute("aria-busy", "false")
        held = document.activeElement.id if document.activeElement else ""
        card.innerHTML = answer["ok"]
        if action == "why-turn":
            again = document.getElementById(held)
            if not again or again.disabled:
                again = document.getElementById("why-kernel-name")
            again.focus()
        elif action == "why-kernel":
            document.getElementById("why-kernel-name").focus()

    # Files

    async def save(self, chart, kind):
        """Save a chart as picture or figures, or the point for Netron."""
        request = self.shown
        if kind == "svg" or kind == "png":
            svg = document.getElementById("why-svg-" + chart)
            await save_chart(svg, file_name(request, chart, kind), kind)
            return
        if self.page.engine is None:
            self.page.dispatch({"type": "noticed", "text": "The engine is still loading."})
            return
        text = json.dumps(request)
        engine = self.page.engine
        answer = json.loads(
            await (engine.netron(text) if kind == "json" else engine.why_csv(text, chart))
        )
        if "error" in answer:
            self.page.dispatch({"type": "failed", "error": answer["error"]})
        elif kind == "json":
            save(file_name(request, "netron", "json"), answer["ok"], "application/json")
        else:
            save(file_name(request, chart, "csv"), answer["ok"], "text/csv")


def spawn(coroutine):
    """Let a coroutine run beside; MicroPython's loop itself keeps what it runs."""
    asyncio.create_task(coroutine)


def _is_open(table):
    """Whether someone looks at a table."""
    details = document.getElementById(table).closest("details")
    return bool(details and details.open)


def _all(selector, inside=None):
    """Elements that match, as a list that stays while they change."""
    found = (inside or document).querySelectorAll(selector)
    return [found.item(at) for at in range(found.length)]
