"""State -> the document: the only file of the page that touches it."""

import json

from pyscript import document, window

from web.page import READ_SHARED, regions
from web.query import is_settled
from web.state import FIRST_REQUEST, initial

NARROWEST = 280
EMPTY = {"engine": "", "models": [], "gpus": [], "runtimes": [], "precisions": []}
_drawn = {}


def first_state():
    """The state that the build wrote into the page, else an empty one."""
    written = document.getElementById("first")
    if not written:
        return initial(EMPTY, FIRST_REQUEST)
    first = json.loads(written.textContent)
    return initial(
        first["catalog"],
        first["request"],
        first["comparison"],
        first["inspection"],
        first["curve"],
    )


def draw(state):
    """Put in place what has changed; what has the focus keeps it."""
    focused = document.activeElement
    held = focused.id if focused else ""
    for name, html in regions(state, chart_width()).items():
        if _drawn.get(name) != html:
            document.getElementById(name).innerHTML = html
            _drawn[name] = html
    _set_attributes(state)
    if held and document.activeElement.id != held:
        again = document.getElementById(held)
        if again:
            again.focus()


def chart_width():
    """Pixels there are for the chart."""
    return max(NARROWEST, int(document.getElementById("curve").clientWidth))


def _set_attributes(state):
    search = document.getElementById("model-search")
    is_open = state["model_open"]
    search.setAttribute("aria-expanded", "true" if is_open else "false")
    active = document.querySelector("#models .active")
    if is_open and active:
        search.setAttribute("aria-activedescendant", active.id)
        active.scrollIntoView({"block": "nearest"})
    else:
        search.removeAttribute("aria-activedescendant")
    if not is_open and search.value:
        search.value = ""
    search.setAttribute(
        "placeholder",
        "Second: name, hf:org/name, address"
        if state["adding"]
        else "Search, hf:org/name, or address",
    )
    for name in ("differences", "load"):
        document.getElementById(name).hidden = not _drawn[name]
    busy = "true" if state["work"] else "false"
    answer = document.getElementById("answer")
    answer.setAttribute("aria-busy", busy)
    answer.setAttribute("data-settled", "true" if is_settled(state) else "false")
    if state["theme"]:
        document.documentElement.setAttribute("data-theme", state["theme"])


def is_dark():
    """Whether the page is dark now, by choice or by the system's."""
    chosen = document.documentElement.getAttribute("data-theme")
    if chosen:
        return chosen == "dark"
    return bool(window.matchMedia("(prefers-color-scheme: dark)").matches)


def reveal(button):
    """Open or close the controls where the page is too narrow to show them beside."""
    is_open = button.getAttribute("aria-expanded") == "true"
    button.setAttribute("aria-expanded", "false" if is_open else "true")


def drag(is_over):
    """Show or hide that a file can be dropped anywhere."""
    document.body.classList.toggle("dragging", is_over)


def offer_to_read():
    """Put the focus on what reads a link's model, unless the reader is somewhere already."""
    button, focused = document.getElementById(READ_SHARED), document.activeElement
    if button and (focused is None or focused.tagName == "BODY"):
        button.focus()


def show_answer():
    """Bring the answer into sight where the controls hide it."""
    document.getElementById("error").scrollIntoView({"block": "nearest"})
