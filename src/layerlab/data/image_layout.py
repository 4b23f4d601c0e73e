"""Which files of a folder are images of which class, and what stands beside them.

Pure names: the same rules hold for a folder, a zip and a tar.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

from layerlab.errors import DataError

__all__ = ["Layout", "find_layout", "natural"]

TEST = ("test", "testing", "t10k")
TRAINING = ("train", "training")
VALIDATION = ("val", "valid", "validation")
TABLES = (".csv", ".tsv")

_DEPTH = 4  # folders around folders that are seen through
_SILENT = re.compile(r"(licen[cs]e|readme|copying|notice|authors)\b", re.IGNORECASE)
_SYSTEM = ("thumbs.db", "ehthumbs.db", "desktop.ini", "icon\r", "__macosx")
# Files that no one takes for images; of all others the content decides.
_DOCUMENTS = re.compile(
    r"\.(csv|tsv|txt|md|rst|json|xml|html?|ya?ml|toml|ini|log|py|ipynb|m|r|sh|np[yz]|mat|h5|"
    r"pkl|pickle|parquet|feather|arrow|xlsx?|docx?|odt|ods|zip|tar|gz|bz2|xz|7z|rar|db|sqlite|"
    r"url|lnk|mp[34]|wav|avi|mov|md5|sha\d+)",
    re.IGNORECASE,
)
_USUAL = frozenset(
    (".png", ".PNG", ".jpg", ".JPG", ".jpeg", ".gif", ".bmp", ".tif", ".tiff", ".webp")
)
_MOST_DIGITS = 20
_DIGITS = re.compile(rf"[0-9]{{1,{_MOST_DIGITS}}}")
_LISTED = 5  # names that a message gives


@dataclass(frozen=True)
class Layout:
    """What is in a folder of images.

    Attributes
    ----------
    images : tuple of (str, str)
        File and class, ordered by class and then by name; the class is "" in a flat folder.
    test : tuple of (str, str)
        Those of the test part.
    flat : bool
        The images lie in one folder; classes would be in a table.
    tables : tuple of str
        CSV files beside the images of a flat folder.
    warnings, notes : tuple of str
        What was left out or taken for what: to be warned of, and to be stated.
    """

    images: tuple[tuple[str, str], ...]
    test: tuple[tuple[str, str], ...] = ()
    flat: bool = False
    tables: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Folder:
    path: str
    files: list[str] = field(default_factory=list)
    folders: dict[str, _Folder] = field(default_factory=dict)

    @cached_property
    def images(self) -> list[str]:
        return sorted(filter(_may_be_image, self.files), key=natural)

    @cached_property
    def inner(self) -> list[tuple[str, _Folder]]:
        """Its folders in natural order."""
        return sorted(self.folders.items(), key=lambda item: natural(item[0]))

    def part(self, names: Iterable[str]) -> tuple[str, _Folder] | None:
        """Return the first folder of such a name that holds classes."""
        return next(((n, f) for n, f in self.inner if n.lower() in names and f.classes), None)

    @cached_property
    def classes(self) -> list[tuple[str, _Folder]]:
        """Folders that hold images; a folder named as a part of the data is none by itself."""
        held = [
            (name, folder)
            for name, folder in self.inner
            if folder.images and name.lower() not in (*TEST, *VALIDATION)
        ]
        only_training = all(name.lower() in TRAINING for name, _ in held)
        return [] if only_training else held


def natural(name: str) -> str:
    """Return the key that sorts names as people count: ``a2`` before ``a10``.

    Parameters
    ----------
    name : str

    Returns
    -------
    key : str
        The name with its numbers filled up with zeros, and itself, for ``a1`` is not ``a01``.
    """
    return f"{_DIGITS.sub(_filled_up, name)}\0{name}"


def _filled_up(digits: re.Match[str]) -> str:
    return digits[0].zfill(_MOST_DIGITS)


def find_layout(names: Iterable[str], where: str) -> Layout:
    """Return what is in a folder of images.

    Parameters
    ----------
    names : iterable of str
        Files, and folders with a stroke behind, relative, divided by ``/``.
    where : str
        The folder, with which messages begin.

    Returns
    -------
    layout : Layout

    Raises
    ------
    DataError
        If there are no images, or it cannot be told which folders are the classes.
    """
    root, hidden = _tree(names)
    layout = _find(root, where, _DEPTH)
    if hidden:
        said = f"hidden and system files are left out: {_listed(hidden)}."
        layout = replace(layout, warnings=(*layout.warnings, said))
    return layout


def _tree(names: Iterable[str]) -> tuple[_Folder, list[str]]:
    """Return the folders within each other, and the names of what is hidden in them."""
    folders, hidden = {"": _Folder("")}, dict[str, str]()
    for name in names:
        parent, _, last = name.rpartition("/")
        folder = _folder(folders, hidden, parent)
        if folder and last:
            if _hidden(last):
                hidden[name] = last
            else:
                folder.files.append(last)
    return folders[""], list(hidden.values())


def _folder(folders: dict[str, _Folder], hidden: dict[str, str], path: str) -> _Folder | None:
    """Return a folder by its path, made where it is new; None where it is hidden."""
    if path in folders:
        return folders[path]
    parent, _, name = path.rpartition("/")
    above = _folder(folders, hidden, parent)
    if above is None or _hidden(name):
        if above:
            hidden[path] = name
        return None
    folders[path] = above.folders[name] = _Folder(f"{path}/")
    return folders[path]


def _hidden(name: str) -> bool:
    return name.startswith(".") or name.lower() in _SYSTEM


def _may_be_image(name: str) -> bool:
    dot = name.rfind(".")
    if name[dot:] in _USUAL:  # so that thousands of names take no time
        return True
    if _SILENT.match(name):
        return False
    return dot < 0 or not _DOCUMENTS.fullmatch(name[dot:])


def _find(folder: _Folder, where: str, depth: int) -> Layout:
    training = folder.part(TRAINING)
    if tables := _tables_of_one(folder):
        return _flat(folder.classes[0][1], tables)
    if folder.classes:
        return _of_classes(folder, where)
    if training:
        return _of_parts(folder, training, where)
    leading = [child for _, child in folder.inner if _leads_to_images(child, depth)]
    if folder.images and (not leading or _tables(folder)):
        return _flat(folder, _tables(folder))
    if len(leading) == 1 and depth:
        return _find(leading[0], where, depth - 1)
    raise _nothing(folder, leading, where)


def _leads_to_images(folder: _Folder, depth: int) -> bool:
    if folder.images:
        return True
    return depth > 0 and any(_leads_to_images(child, depth - 1) for _, child in folder.inner)


def _of_classes(folder: _Folder, where: str) -> Layout:
    classes = folder.classes
    test = folder.part(TEST)
    return Layout(
        images=_pairs(classes),
        test=_pairs(test[1].classes) if test else (),
        warnings=(
            *_test_warning(test),
            *_validation_warning(folder, where),
            *_left_out(folder, classes, test),
        ),
    )


def _of_parts(folder: _Folder, training: tuple[str, _Folder], where: str) -> Layout:
    test = folder.part(TEST)
    inside = _of_classes(training[1], where)
    notes = [f"{training[0]!r} is the training part"]
    if test:
        notes.append(f"{test[0]!r} the test part")
    return replace(
        inside,
        test=_pairs(test[1].classes) if test else inside.test,
        warnings=(
            *inside.warnings,
            *_validation_warning(folder, where),
            *_left_out(folder, [training], test),
        ),
        notes=(f"{' and '.join(notes)}, by the folders' names.",),
    )


def _tables_of_one(folder: _Folder) -> list[str]:
    """Return the tables in or beside the only folder of images: one class is no class."""
    if len(folder.classes) != 1 or folder.images:
        return []
    return _tables(folder.classes[0][1]) or _tables(folder)


def _flat(folder: _Folder, tables: list[str]) -> Layout:
    images = tuple((folder.path + name, "") for name in folder.images)
    return Layout(images, flat=True, tables=tuple(tables))


def _tables(folder: _Folder) -> list[str]:
    return sorted(folder.path + name for name in folder.files if name.lower().endswith(TABLES))


def _pairs(classes: Iterable[tuple[str, _Folder]]) -> tuple[tuple[str, str], ...]:
    return tuple((folder.path + image, name) for name, folder in classes for image in folder.images)


def _test_warning(test: tuple[str, _Folder] | None) -> list[str]:
    if not test:
        return []
    n_images = sum(len(folder.images) for _, folder in test[1].classes)
    return [
        f"the folder {test[0]!r} beside the class folders is no class, but the test part "
        f"({n_images} images). --test none (test='none') leaves it out."
    ]


def _validation_warning(folder: _Folder, where: str) -> list[str]:
    found = next(((n, f) for n, f in folder.inner if n.lower() in VALIDATION), None)
    if found is None:
        return []
    return [
        f"the folder {found[0]!r} is left out: validation rows are cut from the training "
        f"rows. --test {where}/{found[1].path.rstrip('/')} takes it as the test part."
    ]


def _left_out(
    folder: _Folder, used: list[tuple[str, _Folder]], test: tuple[str, _Folder] | None
) -> list[str]:
    """Return what is said of everything beside and within the class folders that is not used."""
    names = {name for name, _ in (*used, *([test] if test else []))}
    others = [
        f"{name}/"
        for name, child in folder.inner
        if name not in names and name.lower() not in VALIDATION and _filled(child)
    ]
    empty = [name for name, child in folder.inner if name not in names and not _filled(child)]
    loose = [name for name in folder.files if not _SILENT.match(name)]
    odd = [f"{name}/{unused}" for name, inside in used for unused in _unused(inside)]
    said = []
    if empty:
        said.append(f"class folders without images are left out: {_listed(empty)}.")
    if left := [*others, *loose, *odd]:
        said.append(f"beside the images of the class folders these are left out: {_listed(left)}.")
    return said


def _filled(folder: _Folder) -> bool:
    return bool(folder.files) or any(_filled(child) for _, child in folder.inner)


def _unused(folder: _Folder) -> list[str]:
    """Return what stands beside the images of a class folder."""
    if not folder.images:
        return []
    images = {*folder.images}
    files = [name for name in folder.files if name not in images and not _SILENT.match(name)]
    return [*files, *(f"{name}/" for name, _ in folder.inner)]


def _listed(names: Iterable[str]) -> str:
    counts = Counter(names)
    said = [f"{name} ({n} times)" if n > 1 else name for name, n in counts.items()]
    more = len(said) - _LISTED
    return ", ".join(said[:_LISTED]) + (f" and {more} more" if more > 0 else "")


def _nothing(folder: _Folder, leading: list[_Folder], where: str) -> DataError:
    place = f"{where}/{folder.path}".rstrip("/")
    if not leading:
        return DataError(
            f"{place}: there are no images in this folder. Give a folder with a sub-folder of "
            "images for each class."
        )
    several = _listed(child.path.rstrip("/") for child in leading)
    return DataError(
        f"{place}: it cannot be told which folders are the classes: {several} hold images or "
        "folders of images. Give the folder right above the class folders."
    )
