"""Every command and every option is in the guide, and the guide names no other."""

import re

import click
import pytest

from phantomgpu.cli.main import main


def commands(group=main, path="phantomgpu"):
    """Every command with its full name, groups included."""
    for name, command in sorted(group.commands.items()):
        yield f"{path} {name}", command
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")


@pytest.fixture(scope="module")
def sections(repository):
    """Text of the guide below each heading of a command."""
    guide = (repository / "docs" / "guide.md").read_text(encoding="utf-8")
    parts = re.split(r"^#+ (.+)$", guide, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_has_a_section_with_every_option(sections, name):
    command = dict(commands())[name]
    options = {
        option for param in command.params for option in param.opts if option.startswith("--")
    }

    assert name in sections
    assert not [option for option in options if f"`{option}`" not in sections[name]]


def test_the_guide_names_no_option_that_does_not_exist(sections):
    known = {
        option for _, command in commands() for param in command.params for option in param.opts
    } | {"--help", "--version"}
    named = {option for text in sections.values() for option in re.findall(r"`(--[a-z-]+)", text)}

    assert named <= known


@pytest.mark.parametrize("name", [name for name, _ in commands()])
def test_every_command_and_option_has_a_help_text(name):
    command = dict(commands())[name]

    assert command.help
    assert all(param.help for param in command.params if isinstance(param, click.Option))


def test_the_variant_that_the_guide_shows_is_a_profile(run, sections, tmp_path):
    shown = re.search(r"```toml\n(.+?)```", sections["GPUs of your own"], re.DOTALL)
    (tmp_path / "gpus").mkdir()
    (tmp_path / "gpus" / "h100-120gb.toml").write_text(shown[1])

    result = run("gpus", "h100-120gb", "--profiles", tmp_path)

    assert result.exit_code == 0
    assert "H100 with more memory" in result.stdout
