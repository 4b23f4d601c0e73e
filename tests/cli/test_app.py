import subprocess
import sys

import pytest

import layerlab as package
from layerlab._compiled import KERNEL
from layerlab.cli.interrupts import Terminated


def test_version(layerlab):
    """And which path computes."""
    path = "compiled kernel, " if KERNEL else "NumPy path, "
    assert layerlab("--version").out.startswith(f"layerlab {package.__version__} ({path}")


def test_a_kernel_that_is_not_there_is_one_line(layerlab, monkeypatch):
    if KERNEL is None:
        pytest.skip("the compiled kernel is not there, or switched off")
    monkeypatch.setenv("LAYERLAB_KERNEL", "abacus")
    done = layerlab("--version")
    assert done.code == 2
    assert "LAYERLAB_KERNEL must be 'off' or one of" in done.err and done.err.count("\n") == 1


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


@pytest.mark.parametrize(
    ("interrupt", "code", "word"),
    [(KeyboardInterrupt, 130, "Interrupted"), (Terminated, 143, "Terminated")],
)
def test_an_interrupt_says_only_what_is_true(
    layerlab, monkeypatch, model, csv, interrupt, code, word
):
    from layerlab.api import running
    from layerlab.cli import explore, predict

    def interrupted(*_, **__):
        raise interrupt

    monkeypatch.setattr(predict, "load_model", interrupted)
    done = layerlab("predict", model, csv)
    assert (done.code, done.err) == (code, f"{word}.\n")

    options = ("explore", csv, "--label", "kind", "--quiet", "--out", "cut")
    monkeypatch.setattr(running.Explorer, "explore", interrupted)
    done = layerlab(*options)
    assert done.code == code
    assert done.err == f"{word}. The run folder cut is marked unfinished.\n"
    monkeypatch.setattr(explore, "load_parts", interrupted)
    assert layerlab(*options).err == f"{word}.\n"


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
