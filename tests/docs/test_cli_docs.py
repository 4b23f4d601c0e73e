"""docs/cli.md and the command line say the same: every option, and its default."""

import re
from pathlib import Path

import pytest
import typer

from layerlab.cli.app import app

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "cli.md").read_text("utf-8")
SECTIONS = dict(re.findall(r"^## `([^\n]*)`\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
TOP = typer.main.get_command(app)
COMMANDS = {"layerlab": TOP, **{f"layerlab {name}": c for name, c in TOP.commands.items()}}


def section(command):
    """Return heading and text of a command's section; the heading may go on with its arguments."""
    found = [h for h in SECTIONS if h == command or re.match(rf"{command} [\[A-Z]", h)]
    assert len(found) == 1, f"docs/cli.md needs one section '## `{command} …`'"
    return found[0], SECTIONS[found[0]]


def options(command):
    return [p for p in COMMANDS[command].params if p.param_type_name == "option"]


def rows(text):
    """Return the options of a section's table: name to the cells behind it."""
    lines = re.findall(r"^\| (`-.*) \|$", text, re.MULTILINE)
    cells = [line.split(" | ") for line in lines]
    return {name: rest for names, *rest in cells for name in re.findall(r"`(-[\w-]*)`", names)}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_is_documented_and_no_other(command):
    _, text = section(command)
    assert set(rows(text)) == {name for option in options(command) for name in option.opts}


def test_every_section_is_a_command():
    assert {section(command)[0] for command in COMMANDS} == set(SECTIONS)


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "layerlab"])
def test_every_argument_is_in_the_heading(command):
    arguments = [p for p in COMMANDS[command].params if p.param_type_name == "argument"]
    names = [p.metavar or p.name.upper() for p in arguments]
    shown = [name if p.required else f"[{name}]" for p, name in zip(arguments, names, strict=True)]
    assert section(command)[0] == " ".join([command, *shown])


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "layerlab"])
def test_defaults_are_those_of_the_code(command):
    documented = rows(section(command)[1])
    for option in options(command):
        default = documented[option.opts[0]][0]
        if option.is_flag:
            assert (default, option.default) == ("off", False)
        elif option.default is not None:
            assert default == str(option.default)
        else:
            assert default not in ("off", "")


def test_exit_codes_are_those_of_the_help():
    codes = re.findall(r"^\| ([\d, ]+) \|", PAGE, re.MULTILINE)
    told = re.findall(r"\d+", ",".join(codes))
    assert told == re.findall(r"\d+", TOP.epilog)
