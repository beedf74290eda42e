"""Profiles edited in the page: the command line's words, the last good one, keys, memory."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from playwright.sync_api import Page, expect

from phantomgpu.cli.main import main
from tests.browser.driver import Comparison

GPU = "h100-sxm-80gb"


class Editor:
    """The profile editor as its users see it."""

    def __init__(self, live: Comparison) -> None:
        self.live = live
        self.page: Page = live.page
        self.section = self.page.locator("#profile")
        self.content = self.section.locator(".cm-content")

    def open(self, gpu: str = GPU) -> None:
        self.page.locator(f"#edit-{gpu}").click()
        expect(self.content).to_be_visible()
        self.judged()

    def judged(self) -> None:
        """Wait until the engine has said something."""
        expect(self.section.locator("#profile-status")).not_to_be_empty()

    def write(self, text: str) -> None:
        """Replace the whole text, as pasting does."""
        self.content.focus()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(text)

    def status(self) -> str:
        return self.section.locator("#profile-status").inner_text()

    def problem(self) -> dict[str, str]:
        """The first problem of the list."""
        item = self.section.locator(".problems li").first
        place = re.search(r"Line (\d+), column (\d+)", item.inner_text())
        return {
            "what": item.locator(".what").text_content() or "",
            "fix": item.locator(".fix").text_content() or "",
            "place": f"line {place[1]}, column {place[2]}" if place else "",
        }


@pytest.fixture
def editor(live: Comparison) -> Editor:
    opened = Editor(live)
    opened.open()
    return opened


@pytest.fixture
def text(repository: Path) -> str:
    return (repository / "profiles" / "gpus" / f"{GPU}.toml").read_text("utf-8")


def changed(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


BROKEN = [
    ("memory_gb          = 80", "memory_gb          = 80 GB"),
    ('vendor             = "nvidia"', "vendor             = nvidia"),
    ("[spec.peak_tflops]", "[spec.peak_tflops"),
    ("bandwidth_gb_per_s = 3350", "bandwidth_gb_per_s = 3.35"),
    ("boost_clock_mhz    = 1980", "boost_clock_mhz    = 1.98"),
    ("sm_count           = 132", "sm_count           = 132.5"),
    ("tdp_w              = 700", "tpd_w              = 700"),
    ("l2_mb              = 50", "l2_mb              = true"),
    ('vendor             = "nvidia"', 'vendor             = "nvidea"'),
    ('architecture       = "hopper"', 'architecture       = "hoper"'),
    ("fp32        = 67 ", "fp99        = 67 "),
    ('name   = "H100', 'extends = "t5"\nname   = "H100'),
    ("memory_gb          = 80", "memory_gb          = 80\nmemory_gb = 80"),
    ("[board]", "board = 3\n[boards]"),
    ("[board]", "[boards]"),
    ('status = "V"', "status = V"),
    ('status = "V"', 'status = "verified"'),
    ('name   = "H100 SXM5 80GB"', 'name   = "H100 SXM5 80GB'),
    ('name   = "H100 SXM5 80GB"', "name   = 100"),
    ('name   = "H100 SXM5 80GB"', ""),
    ("fp32        = 67 ", "# fp32      = 67 "),
    ("l2_mb              = 50", "l2_mb              = 52428800"),
    ("shared_kb_per_sm   = 228", "shared_kb_per_sm   = 0.2"),
    ("tdp_w              = 700", "tdp_w              = -700"),
    ("tdp_w              = 700", 'tdp_w              = "700 W"'),
    ("fp16        = 989.4 ", "fp16        = 9.894e14 "),
    ("fp16        = 989.4 ", "fp16        = 989,4 "),
    ("idle_w             = 71", "idle_w             ="),
    ("[calibration]", "[calibration]\nbandwidth_efficency = 0.9"),
    ("efficiency_fp32 = ", "efficiency_fp32 = 1"),
    ("[sources]", "[sources]]"),
    ("[spec]", "[spec]\nmemory.gb = 80"),
]
"""What of the text is replaced by what: one mistake each, as people make them."""


def as_the_command_line_says(text: str, folder: Path) -> dict[str, str]:
    """What, fix and place that ``phantomgpu gpus`` prints of a profile."""
    (folder / "gpus").mkdir(exist_ok=True)
    (folder / "gpus" / f"{GPU}.toml").write_text(text, "utf-8")
    done = CliRunner().invoke(main, ["gpus", GPU, "--profiles", str(folder)])
    lines = dict(line.strip().split(": ", 1) for line in done.stderr.splitlines())
    place = re.search(r"line \d+, column \d+", lines["where"])
    return {
        "what": lines["error"],
        "fix": lines["fix"].strip(),
        "place": place[0] if place else "",
    }


def test_mistakes_read_as_on_the_command_line(editor: Editor, text: str, tmp_path: Path) -> None:
    shown = editor.live.cells()

    found, wanted = {}, {}
    for old, new in BROKEN:
        broken = changed(text, old, new)
        said = as_the_command_line_says(broken, tmp_path)
        editor.write(broken)
        item = editor.section.locator(".problems li").first
        expect(item.locator(".what")).to_have_text(said["what"])
        expect(item.locator(".fix")).to_have_text(said["fix"])
        expect(item).to_contain_text(said["place"].capitalize())
        found[new], wanted[new] = editor.problem(), said
        assert "keeps running" in editor.status()

    assert found == wanted
    assert editor.live.cells() == shown


def test_mistake_is_underlined_and_its_place_can_be_gone_to(editor: Editor, text: str) -> None:
    editor.write(changed(text, "tdp_w              = 700", "tdp_w              = 7000000"))

    expect(editor.section.locator(".cm-lintRange-error")).to_have_text(re.compile("tdp_w"))
    editor.section.get_by_role("button", name=re.compile("^Line")).click()
    expect(editor.content).to_be_focused()
    expect(editor.section.locator(".cm-activeLine")).to_have_text(re.compile("tdp_w"))


def test_last_good_profile_keeps_running(editor: Editor, text: str) -> None:
    before = editor.live.cells()
    good = changed(text, "bandwidth_gb_per_s = 3350", "bandwidth_gb_per_s = 1000")
    editor.write(good)
    expect(editor.section.locator("#profile-status")).to_contain_text("Your profile runs")
    editor.live.settle()
    running = editor.live.cells()
    assert running != before

    editor.write(changed(good, "tdp_w              = 700", "tdp_w ="))
    expect(editor.section.locator("#profile-status")).to_contain_text("last good profile keeps")
    editor.live.settle()

    assert editor.live.cells() == running


def test_edited_figures_equal_the_command_lines(editor: Editor, text: str, tmp_path: Path) -> None:
    edited = changed(text, "bandwidth_gb_per_s = 3350", "bandwidth_gb_per_s = 2000")
    (tmp_path / "gpus").mkdir()
    (tmp_path / "gpus" / f"{GPU}.toml").write_text(edited, "utf-8")
    words = ["compare", "resnet50", "--gpus", GPU, "--batch", "8", "--precision", "fp16"]
    words += ["--runtime", "tensorrt", "--profiles", str(tmp_path), "--json"]
    wanted = json.loads(CliRunner().invoke(main, words).stdout)["cells"][0]

    editor.write(edited)
    expect(editor.section.locator("#profile-status")).to_contain_text("Your profile runs")
    editor.live.settle()

    shown = editor.live.cells()[GPU, "tensorrt", "fp16", 8]
    assert shown["latency_ms"] == wanted["latency_ms"]


def test_sparse_peak_is_warned_of_and_runs(editor: Editor, text: str) -> None:
    editor.write(changed(text, "fp16        = 989.4", "fp16        = 1979"))

    expect(editor.section.locator(".problems .warning")).to_contain_text("sparsity")
    assert editor.problem()["place"] == "line 29, column 1"
    expect(editor.section.locator("#profile-status")).to_contain_text("Your profile runs")


def test_what_differs_is_listed_beside_the_catalogues(editor: Editor, text: str) -> None:
    editor.write(changed(text, "memory_gb          = 80", "memory_gb          = 96"))

    row = editor.section.locator(".changes tbody tr")
    expect(row).to_have_count(1)
    assert row.inner_text().split() == ["memory_gb", "GB", "80", "96"]
    editor.section.get_by_role("button", name="Compare with the catalogue").click()
    expect(editor.section.locator(".cm-deletedChunk")).to_contain_text("80")


def test_keyboard_gets_in_completes_and_gets_out(live: Comparison) -> None:
    editor = Editor(live)
    live.page.locator(f"#edit-{GPU}").focus()
    live.page.keyboard.press("Enter")
    expect(live.page.locator("#profile-heading")).to_be_focused()
    editor.content.focus()

    live.page.keyboard.press("Control+End")
    live.page.keyboard.type("\n[spec]\nband")
    option = editor.section.get_by_role("option").first
    expect(option).to_contain_text("bandwidth_gb_per_s")
    expect(option).to_contain_text("GB/s, 10 to 50,000")
    live.page.keyboard.press("Escape")
    live.page.keyboard.press("Escape")
    live.page.keyboard.press("Tab")

    expect(editor.content).not_to_be_focused()
    expect(editor.section.get_by_role("button", name=re.compile("^Line"))).to_be_focused()


def test_tab_alone_leaves_the_text_both_ways(editor: Editor) -> None:
    editor.content.focus()
    editor.page.keyboard.press("Shift+Tab")
    expect(editor.section.get_by_role("button", name="Close")).to_be_focused()
    editor.page.keyboard.press("Enter")

    expect(editor.section).to_be_hidden()
    expect(editor.page.locator(f"#edit-{GPU}")).to_be_focused()


def test_reset_brings_back_the_catalogue(editor: Editor, text: str) -> None:
    before = editor.live.cells()
    editor.write(changed(text, "bandwidth_gb_per_s = 3350", "bandwidth_gb_per_s = 1000"))
    expect(editor.page.locator("#gpus .custom")).to_have_count(1)

    editor.section.get_by_role("button", name="Reset to the catalogue").click()
    expect(editor.page.locator("#gpus .custom")).to_have_count(0)
    editor.live.settle()

    assert editor.live.cells() == before
    assert editor.page.evaluate("localStorage.getItem('phantomgpu.profiles')") is None


def test_reload_keeps_what_was_edited(editor: Editor, text: str, address: str) -> None:
    editor.write(changed(text, "bandwidth_gb_per_s = 3350", "bandwidth_gb_per_s = 1000"))
    expect(editor.page.locator("#gpus .custom")).to_have_count(1)
    editor.live.settle()
    edited = editor.live.cells()

    editor.live.open(address)

    assert editor.live.cells() == edited
    expect(editor.page.locator("#gpus .custom")).to_have_count(1)


def test_link_wins_over_what_was_kept(editor: Editor, text: str, address: str) -> None:
    editor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    plain = editor.live.cells()
    editor.page.get_by_role("button", name="Copy link").click()
    expect(editor.page.locator("#notice")).to_contain_text("Link copied")
    link = editor.page.evaluate("navigator.clipboard.readText()")
    editor.write(changed(text, "bandwidth_gb_per_s = 3350", "bandwidth_gb_per_s = 1000"))
    expect(editor.page.locator("#gpus .custom")).to_have_count(1)
    kept = editor.page.evaluate("localStorage.getItem('phantomgpu.profiles')")

    editor.page.goto("about:blank")
    editor.live.open(link)

    assert editor.live.cells() == plain
    assert editor.page.evaluate("localStorage.getItem('phantomgpu.profiles')") == kept


def test_variant_is_compared_and_travels_in_a_link(editor: Editor) -> None:
    editor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    editor.section.get_by_role("button", name="Make a variant").click()
    expect(editor.section.locator("#profile-heading")).to_contain_text("variant")
    expect(editor.content).to_contain_text(f'extends = "{GPU}"')
    editor.live.settle()
    rows = editor.live.cells()
    assert (f"{GPU}-variant", "tensorrt", "fp16", 8) in rows

    editor.page.get_by_role("button", name="Copy link").click()
    expect(editor.page.locator("#notice")).to_contain_text("Link copied")
    link = editor.page.evaluate("navigator.clipboard.readText()")
    editor.page.goto("about:blank")
    editor.live.open(link)
    assert editor.live.cells() == rows
    expect(editor.page.locator(f"#edit-{GPU}-variant")).to_be_visible()


def test_variant_can_be_removed(editor: Editor) -> None:
    before = editor.live.cells()
    editor.section.get_by_role("button", name="Make a variant").click()
    expect(editor.page.locator(f"#edit-{GPU}-variant")).to_be_attached()

    editor.section.get_by_role("button", name="Remove this profile").click()
    expect(editor.page.locator(f"#edit-{GPU}-variant")).not_to_be_attached()
    editor.live.settle()

    assert editor.live.cells() == before


def test_profile_is_saved_and_opened_as_a_file(editor: Editor, text: str, tmp_path: Path) -> None:
    with editor.page.expect_download() as download:
        editor.section.get_by_role("button", name="Save .toml").click()
    assert download.value.suggested_filename == f"{GPU}.toml"
    assert Path(download.value.path()).read_text("utf-8") == text

    file = tmp_path / "my-board.toml"
    file.write_text(changed(text, "H100 SXM5 80GB", "My Board").replace("3350", "3000"), "utf-8")
    with editor.page.expect_file_chooser() as chooser:
        editor.page.get_by_role("button", name="Open a profile of your own").click()
    chooser.value.set_files(file)

    expect(editor.section.locator("#profile-heading")).to_contain_text("My Board")
    editor.live.settle()
    assert "my-board" in editor.live.gpus()


def test_dropped_profile_opens_and_a_text_with_a_mistake_waits(
    live: Comparison, text: str, tmp_path: Path
) -> None:
    editor = Editor(live)
    file = tmp_path / f"{GPU}.toml"
    file.write_text(changed(text, "tdp_w              = 700", "tdp_w ="), "utf-8")

    live.drop(file)
    expect(editor.section.locator("#profile-status")).to_contain_text("keeps running")
    editor.section.get_by_role("button", name="Close").click()
    editor.open()

    assert "invalid value" in editor.problem()["what"]


def test_editor_is_not_loaded_until_it_is_opened(live: Comparison) -> None:
    fetched = "performance.getEntriesByType('resource').map(each => each.name)"
    editor = Editor(live)
    assert not [name for name in live.page.evaluate(fetched) if "parts/editor/" in name]

    editor.open()

    assert [name for name in live.page.evaluate(fetched) if "parts/editor/" in name]


def test_variant_of_a_variant_begins_as_its_copy(editor: Editor) -> None:
    editor.section.get_by_role("button", name="Make a variant").click()
    expect(editor.page.locator(f"#edit-{GPU}-variant")).to_be_visible()

    editor.section.get_by_role("button", name="Make a variant").click()
    expect(editor.page.locator(f"#edit-{GPU}-variant-2")).to_be_visible()
    editor.live.settle()

    rows = editor.live.cells()
    assert (
        rows[f"{GPU}-variant-2", "tensorrt", "fp16", 8]
        == rows[f"{GPU}-variant", "tensorrt", "fp16", 8]
    )
