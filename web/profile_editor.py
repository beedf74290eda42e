"""The section "Profile": opens a GPU's TOML, has it checked as one types, keeps what is good.

CodeMirror (`parts/editor/editor.js`) comes when the section first opens. What is right, what
may be written and what differs the engine says; `web.custom` is what follows for the state.
"""

import asyncio
import json

from pyscript import document, js_import, window
from pyscript.ffi import create_proxy

from web import custom
from web.profile_view import change_table, heading, problem_list, status_line
from web.save import save
from web.text import short_name

KEPT = "phantomgpu.profiles"
PAUSE_S = 0.06
"""After the last key, before the text is checked."""


class ProfileEditor:
    """One profile at a time.

    Args:
        page: Has the state of the page and its engine.
    """

    def __init__(self, page):
        self.page = page
        self.code = None
        self.gpu = ""
        self.text = ""
        self.base = ""
        self.answer = {"problems": [], "changes": [], "gpu": None}
        self.drafts = {}
        self.kept = {}
        self.is_loaded = False
        self.is_reading = False
        for name, handler in (("click", self.on_click), ("change", self.on_change)):
            document.addEventListener(name, create_proxy(handler))

    # What this browser keeps

    async def remember(self, is_chosen):
        """Bring back the profiles of earlier visits.

        Args:
            is_chosen: Whether those that were compared are compared again.
        """
        profiles, chosen = custom.from_memory(window.localStorage.getItem(KEPT))
        read = {}
        for gpu in sorted(profiles):
            answer = await self.page.call("check_profile", gpu, profiles[gpu])
            entry = answer["ok"]["gpu"] if "ok" in answer else None
            if entry is None:
                self.kept[gpu] = profiles[gpu]
            else:
                read[gpu] = {"text": profiles[gpu], "gpu": entry}
        if read:
            event = {"type": "profiles_remembered", "profiles": read}
            self.page.dispatch(dict(event, chosen=chosen if is_chosen else []))
        self.is_loaded = True

    def follow(self):
        """After every change of the page: keep what is new, read what a link brought."""
        state = self.page.state
        if self.is_loaded and not state["from_link"]:
            text = custom.memory(state, self.kept)
            if text != (window.localStorage.getItem(KEPT) or ""):
                if text:
                    window.localStorage.setItem(KEPT, text)
                else:
                    window.localStorage.removeItem(KEPT)
        if not self.is_reading and self.page.engine is not None and custom.unread(state):
            self.is_reading = True
            asyncio.create_task(self.read(custom.unread(state)))
        if self.gpu:
            self.tell()

    async def read(self, found):
        """Have a profile that a link brought read, for its name and figures."""
        gpu, text = found
        answer = await self.page.call("check_profile", gpu, text)
        entry = answer["ok"]["gpu"] if "ok" in answer else None
        if entry is None:
            entry = custom.original(self.page.state, gpu) or {
                "id": gpu, "name": gpu, "vendor": "", "architecture": "", "basis": "spec",
                "memory_gb": 0, "bandwidth_gb_per_s": 0, "peak_tflops": {},
            }  # fmt: skip
        self.is_reading = False
        self.page.dispatch({"type": "profile_set", "id": gpu, "text": text, "gpu": entry})

    # Opening and closing

    async def open(self, gpu, text=None):
        """Show a profile.

        Args:
            gpu: Its id.
            text: What it says, where that is neither the catalogue's nor the one in use.
        """
        if self.page.engine is None:
            said = "The engine knows the profiles, and is still loading."
            self.page.dispatch({"type": "noticed", "text": said})
            return
        self.base = ""
        if custom.original(self.page.state, gpu) is not None:
            answer = await self.page.call("profile", gpu)
            if "error" in answer:
                self.page.dispatch({"type": "failed", "error": answer["error"]})
                return
            self.base = answer["ok"]["text"]
        self.leave()
        used = self.page.state["custom"].get(gpu)
        self.gpu = gpu
        if text is None:
            text = self.drafts.get(gpu, used["text"] if used else self.base)
        self.text = text
        document.getElementById("profile").hidden = False
        document.getElementById("profile-compare").setAttribute("aria-pressed", "false")
        await self.show_code()
        await self.judge()
        found = document.getElementById("profile-heading")
        found.scrollIntoView({"block": "start"})
        found.focus()
        if self.page.state["made"] == "build":
            # What the first comparison has to read is there before the first edit.
            await self.page.call("compare", json.dumps(self.page.state["request"]))

    async def show_code(self):
        """The text in the editor; the editor itself comes with the first."""
        label = "Profile {}, TOML".format(self.gpu)
        if self.code is not None:
            self.code.show(label, self.text)
            return
        await _styled("editor.css")
        modules = await js_import(_address("parts/editor/editor.js"))
        module = modules[0]
        self.code = module.open(
            document.getElementById("profile-text"),
            label,
            self.text,
            create_proxy(self.on_typed),
            create_proxy(self.on_completing),
        )

    def leave(self):
        """Another profile comes, or none: a text with a mistake waits for its next opening."""
        if self.gpu and any(each["severity"] == "error" for each in self.answer["problems"]):
            self.drafts[self.gpu] = self.text
        else:
            self.drafts.pop(self.gpu, None)

    def close(self):
        """Hide the section; the focus goes back to where it came from."""
        self.leave()
        document.getElementById("profile").hidden = True
        gpu, self.gpu = self.gpu, ""
        button = document.getElementById("edit-" + gpu) or document.getElementById("gpu-search")
        button.focus()

    # Typing

    def on_typed(self, text):
        """After every change that a person makes."""
        self.text = text
        asyncio.create_task(self.check_soon(text))

    async def check_soon(self, text):
        """Check a text unless another is typed meanwhile."""
        await asyncio.sleep(PAUSE_S)
        if text == self.text:
            await self.judge()

    async def judge(self):
        """Have the text checked; a good one is used from now on."""
        gpu, text = self.gpu, self.text
        answer = await self.page.call("check_profile", gpu, text)
        if "error" in answer or (gpu, text) != (self.gpu, self.text):
            return
        self.answer = answer["ok"]
        self.code.showProblems(json.dumps(self.answer["problems"]))
        entry = self.answer["gpu"]
        used = self.page.state["custom"].get(gpu)
        if self.base and text == self.base:
            self.page.dispatch({"type": "profile_reset", "id": gpu})
        elif entry is not None and (used is None or used["text"] != text):
            event = {"type": "profile_set", "id": gpu, "text": text, "gpu": entry}
            self.page.dispatch(dict(event, is_chosen=used is None))
        self.tell()

    def on_completing(self, text, line, column, resolve):
        """What may be written at a place."""
        asyncio.create_task(self.complete(text, line, column, resolve))

    async def complete(self, text, line, column, resolve):
        """Ask the engine, and hand on what it says."""
        answer = await self.page.call("complete_profile", self.gpu, text, line, column)
        resolve(json.dumps(answer.get("ok", {"column": column, "options": []})))

    def tell(self):
        """Beside the text: what is wrong, what differs, what runs."""
        state, problems = self.page.state, self.answer["problems"]
        used = state["custom"].get(self.gpu)
        is_known = custom.original(state, self.gpu) is not None
        known = [each["name"] for each in state["catalog"]["gpus"] if each["id"] == self.gpu]
        name = short_name(known[0]) if known else self.gpu
        status = status_line(problems, used is not None, is_known, not state["from_link"])
        _put("profile-heading", heading(name, used is not None))
        _put("profile-problems", problem_list(problems))
        if not any(each["severity"] == "error" for each in problems):
            base = "Catalogue" if is_known else "Base"
            _put("profile-changes", change_table(self.answer["changes"], base))
        line = document.getElementById("profile-status")
        if line.textContent != status:
            line.textContent = status
        reset = document.getElementById("profile-reset")
        reset.textContent = "Reset to the catalogue" if is_known else "Remove this profile"
        reset.disabled = is_known and used is None and self.text == self.base
        document.getElementById("profile-compare").hidden = not is_known

    # What people do

    def on_click(self, event):
        """A button of the section, or one that opens it."""
        target = event.target
        button = target.closest("[data-do]") if hasattr(target, "closest") else None
        action = button.getAttribute("data-do") if button else ""
        if action == "profile-edit":
            asyncio.create_task(self.open(button.getAttribute("data-id")))
        elif action == "profile-go":
            line, column = (int(button.getAttribute("data-" + key)) for key in ("line", "column"))
            self.code.goTo(line, column)
        elif action == "profile-choose":
            document.getElementById("profile-file").click()
        elif action == "profile-save":
            save(self.gpu + ".toml", self.text, "application/toml")
        elif action == "profile-variant":
            asyncio.create_task(self.make_variant())
        elif action == "profile-reset":
            asyncio.create_task(self.reset())
        elif action == "profile-compare":
            self.compare(button)
        elif action == "profile-close":
            self.close()

    def on_change(self, event):
        """A .toml file was chosen."""
        if event.target.id == "profile-file" and event.target.files.length:
            asyncio.create_task(self.open_file(event.target.files.item(0)))
            event.target.value = ""

    async def open_file(self, file):
        """Show a file; its name is the id, as on the command line."""
        await self.open(custom.id_of_file(file.name), (await file.text()).replace("\r\n", "\n"))

    async def make_variant(self):
        """Three lines that stand on this profile, compared beside it."""
        taken = json.dumps(sorted(self.page.state["custom"]))
        answer = await self.page.call("new_variant", self.gpu, taken, self.text)
        if "error" in answer:
            self.page.dispatch({"type": "failed", "error": answer["error"]})
        else:
            await self.open(answer["ok"]["id"], answer["ok"]["text"])

    async def reset(self):
        """Back to the catalogue's text; a variant goes."""
        if not self.base:
            gpu = self.gpu
            self.close()
            self.drafts.pop(gpu, None)
            self.page.dispatch({"type": "profile_reset", "id": gpu})
            return
        self.text = self.base
        self.code.replace(self.base)
        await self.judge()

    def compare(self, button):
        """Show in the text what differs from the catalogue's, or no longer."""
        is_on = button.getAttribute("aria-pressed") != "true"
        button.setAttribute("aria-pressed", "true" if is_on else "false")
        self.code.compareWith(self.base if is_on else "")


def _address(path):
    """The whole address of a file of this site: modules are asked for by theirs."""
    return window.URL.new(path, document.baseURI).href


async def _styled(path):
    """Bring a style sheet, and wait until it applies."""
    link, loaded = document.createElement("link"), asyncio.Event()
    link.rel = "stylesheet"
    link.href = path
    link.onload = create_proxy(lambda _event: loaded.set())
    document.head.append(link)
    await loaded.wait()


_shown = {}


def _put(name, html):
    """Put HTML in place where it differs, so that a screen reader hears only what is new."""
    if _shown.get(name) != html:
        document.getElementById(name).innerHTML = html
        _shown[name] = html
