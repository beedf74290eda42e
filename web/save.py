"""Charts of the page -> files: as they look, in the theme that is shown.

A saved chart carries the rules that apply to it and nothing else, so it looks
the same wherever it is opened.
"""

from pyscript import document, window

from web.curve import curve_cells, shown_choice
from web.table import as_csv
from web.why_state import file_name

TOKENS = (
    "page", "card", "sunk", "ink", "soft", "faint", "line", "edge", "accent", "tint",
    "s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7", "bad",
)  # fmt: skip
"""Colours of the page that charts use."""

SVG = "http://www.w3.org/2000/svg"
PNG_SCALE = 2


def as_svg(svg):
    """The text of a file with this chart."""
    copy = svg.cloneNode(True)
    copy.setAttribute("xmlns", SVG)
    copy.setAttribute("role", "img")
    copy.removeAttribute("tabindex")
    style = document.createElementNS(SVG, "style")
    style.textContent = _rules(svg)
    copy.insertBefore(style, copy.firstChild)
    return window.XMLSerializer.new().serializeToString(copy)


def _rules(svg):
    """The colours as they are now, and the rules that apply to something in the chart."""
    seen = window.getComputedStyle(document.documentElement)
    colours = ";".join(
        "--{}:{}".format(name, seen.getPropertyValue("--" + name).strip()) for name in TOKENS
    )
    found = [
        "svg{{{};background:var(--card);font-family:'IBM Plex Sans',system-ui,sans-serif}}".format(
            colours
        )
    ]
    sheets = document.styleSheets
    for number in range(sheets.length):
        rules = sheets.item(number).cssRules
        for at in range(rules.length):
            rule = rules.item(at)
            selector = getattr(rule, "selectorText", None)
            if selector and _applies(svg, selector):
                found.append(rule.cssText)
    return "\n".join(found)


def _applies(svg, selector):
    if ":hover" in selector or ":focus" in selector or ":root" in selector:
        return False
    try:
        return bool(svg.matches(selector)) or bool(svg.querySelector(selector))
    except Exception:
        return False


async def as_png(svg):
    """The address of a picture of this chart, twice as fine as the screen shows it."""
    text = as_svg(svg)
    image = window.Image.new()
    image.src = "data:image/svg+xml;charset=utf-8," + window.encodeURIComponent(text)
    await image.decode()
    canvas = document.createElement("canvas")
    canvas.width = PNG_SCALE * int(svg.getAttribute("width"))
    canvas.height = PNG_SCALE * int(svg.getAttribute("height"))
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height)
    return canvas.toDataURL("image/png")


async def save_chart(svg, name, kind):
    """Have the browser save a chart as SVG or PNG."""
    if kind == "svg":
        save(name, as_svg(svg), "image/svg+xml")
    else:
        save_address(name, await as_png(svg))


async def save_curve(state, kind):
    """Have the browser save the chart against batch size, or the cells behind it."""
    if state["result"] is None:
        return
    model = shown_choice(state)["model"]
    asked = {"models": [model], "gpus": ["gpus"], "batches": ["curve"]}
    name = file_name(asked, state["metric"], kind)
    if kind == "csv":
        save(name, as_csv(curve_cells(state)), "text/csv")
    else:
        await save_chart(document.querySelector("#curve svg"), name, kind)


def save(name, text, kind):
    """Have the browser save text as a file."""
    address = "data:{};charset=utf-8,{}".format(kind, window.encodeURIComponent(text))
    save_address(name, address)


def save_address(name, address):
    """Have the browser save what lies at an address."""
    link = document.createElement("a")
    link.href = address
    link.download = name
    document.body.appendChild(link)
    link.click()
    link.remove()
