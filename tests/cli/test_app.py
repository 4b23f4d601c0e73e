import subprocess
import sys

import pytest

import layerlab as package
from layerlab.cli import faults


def test_version(layerlab):
    assert layerlab("--version").out.split() == ["layerlab", package.__version__]


@pytest.mark.parametrize("command", [[], ["explore"], ["predict"], ["evaluate"]])
def test_help_teaches(layerlab, command):
    done = layerlab(*command, "--help")
    assert done.code == 0
    assert "Example" in done.out or "Exit codes" in done.out


def test_unknown_command_and_option(layerlab):
    assert layerlab("explode").code == 2
    assert layerlab("explore", "--sed", "1").code == 2


def test_a_fault_of_ours_is_one_line_and_exit_code_1(layerlab, monkeypatch, csv):
    import layerlab.cli.explore as module

    def fails(*_, **__):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(module, "explore", fails)
    monkeypatch.delenv("LAYERLAB_TRACEBACK", raising=False)
    done = layerlab("explore", csv, "--label", "kind")
    assert done.code == 1
    assert "ZeroDivisionError" in done.err
    assert "Traceback" not in done.err
    monkeypatch.setenv("LAYERLAB_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        layerlab("explore", csv, "--label", "kind")


def test_ctrl_c_is_exit_code_130(layerlab, monkeypatch, csv):
    import layerlab.cli.explore as module

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "explore", interrupted)
    assert layerlab("explore", csv, "--label", "kind").code == faults.INTERRUPTED == 130


def test_warnings_are_one_line(layerlab, tmp_path):
    lines = ["a,b,label", *(f"{2**53 + 2 * i},{i},{'xy'[i % 2]}" for i in range(40))]
    (tmp_path / "large.csv").write_text("\n".join(lines))
    done = layerlab("explore", "large.csv", "--out", "run")
    warned = [line for line in done.err.splitlines() if "arning" in line]
    assert len(warned) == 1
    assert warned[0].startswith("Warning: ")


def test_as_a_module_and_into_a_closed_pipe(model, csv):
    command = f"{sys.executable} -m layerlab predict {model} {csv} | head -n 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=120)
    assert done.stdout == "row,label,probability\n"
    assert "Error" not in done.stderr
    assert "Exception" not in done.stderr
