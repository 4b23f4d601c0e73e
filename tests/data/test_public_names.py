import pkgutil
import subprocess
import sys

import layerlab.data


def test_all_is_sorted_and_complete():
    names = layerlab.data.__all__
    assert len(names) > 20
    assert names == sorted(names)
    assert all(hasattr(layerlab.data, name) for name in names)


def test_no_module_bears_the_name_of_what_the_room_offers():
    """Once imported, it would stand where that is expected."""
    modules = {module.name for module in pkgutil.iter_modules(layerlab.data.__path__)}
    assert modules.isdisjoint(layerlab.data.__all__)


def test_the_estimator_waits_for_no_reader_of_files():
    program = (
        "import sys; from layerlab import FeedforwardClassifier;"
        "print(*(name for name in sys.modules if name.startswith('layerlab.data.')))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    names = done.stdout.decode().split()
    assert "layerlab.data.deformation" in names
    assert not [name for name in names if "load" in name or "reader" in name or "recognise" in name]
