"""From a place that holds image files to rows with labels."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from layerlab._callbacks import ProgressSink
from layerlab._typing import Array
from layerlab.data.arguments import refuse_columns
from layerlab.data.image_cache import (
    cache_folder,
    content_key,
    find_entry,
    has_sketch,
    keep_entry,
    sketch_of,
)
from layerlab.data.image_helper import Job, digest_job
from layerlab.data.image_layout import Layout, find_layout
from layerlab.data.image_notes import image_notes, image_warnings
from layerlab.data.image_options import ImageOptions
from layerlab.data.image_stack import Stack, stack_images
from layerlab.data.image_table import ImageLabels, read_image_labels
from layerlab.data.names import names_from_text
from layerlab.data.source import RawData
from layerlab.errors import DataError, DataWarning

__all__ = ["Store", "read_images"]

_WORTH_KEEPING = 1000  # images; fewer are decoded faster than one would notice
_LISTED = 3


class Store(Protocol):
    """A place that holds files: a folder, an archive."""

    @property
    def where(self) -> str:
        """The place's path, with which messages begin."""
        ...

    @property
    def names(self) -> Sequence[str]:
        """Relative names divided by ``/``; of folders with one behind."""
        ...

    def size(self, name: str) -> int:
        """Return the bytes of a file."""
        ...

    def content(self, name: str) -> bytes:
        """Return a file's content."""
        ...

    def job(self, name: str) -> Job:
        """Return what a process that decodes the file is to be sent."""
        ...


@dataclass(frozen=True)
class _Chosen:
    """The files of a store that are decoded, in the order of rows."""

    store: Store
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.names)

    def size(self, index: int) -> int:
        return self.store.size(self.names[index])

    def job(self, index: int) -> Job:
        return self.store.job(self.names[index])

    def place(self, index: int) -> str:
        return f"{self.store.where}/{_printable(self.names[index])}"

    def digest(self, index: int) -> bytes:
        return digest_job(self.job(index))


def read_images(
    store: Store,
    options: ImageOptions,
    progress: ProgressSink | None = None,
    *,
    label: str | int | None = None,
    groups: str | int | None = None,
) -> RawData:
    """Return the images of a store as rows, with the labels that folders or a table name.

    Parameters
    ----------
    store : Store
    options : ImageOptions
    progress : ProgressSink, optional
    label, groups : str or int, optional
        Columns of the table beside a flat folder of images.

    Returns
    -------
    raw : RawData
        Ordered by class and then by name, counted as people do (``a2`` before ``a10``); by
        name in a flat folder. ``y`` is None in a flat folder without a table.

    Raises
    ------
    DataError
        If there are no images, or they cannot be brought to rows.
    """
    layout = find_layout(store.names, store.where)
    layout, table = _with_table(layout, store, label, groups)
    chosen = _Chosen(store, tuple(name for name, _ in (*layout.images, *layout.test)))
    stack = _decoded(chosen, options, progress)
    said = [*layout.warnings, *image_warnings(stack.marks, options), *_skipped(stack, chosen)]
    for text in said:
        warnings.warn(f"{store.where}: {text}", DataWarning, stacklevel=2)
    notes = (*layout.notes, *image_notes(stack.rows, stack.marks, options), *map(_sentence, said))
    return _raw(layout, table, stack, notes)


def _printable(name: str) -> str:
    """Return a file's name as text; a system may have one that is not."""
    return name.encode("utf-8", "replace").decode()


def _sentence(text: str) -> str:
    return text[0].upper() + text[1:]


def _with_table(
    layout: Layout, store: Store, label: str | int | None, groups: str | int | None
) -> tuple[Layout, ImageLabels | None]:
    """Return the layout with the classes that a table beside a flat folder names."""
    table = _only_table(layout, store.where)
    if table is None:
        refuse_columns(label, groups, "images without a table beside them")
        return layout, None
    images = [name for name, _ in layout.images]
    where = f"{store.where}/{table}"
    found = read_image_labels(store.content(table), images, where, label=label, groups=groups)
    named = tuple((name, found.classes[name]) for name in images if name in found.classes)
    said = (*layout.warnings, *found.warnings)
    return replace(layout, images=named, warnings=said), found


def _only_table(layout: Layout, where: str) -> str | None:
    if len(layout.tables) > 1:
        raise DataError(
            f"{where}: the tables {' and '.join(map(repr, layout.tables[:3]))} stand beside the "
            "images. Keep the one that names the class of each."
        )
    return layout.tables[0] if layout.tables else None


def _decoded(chosen: _Chosen, options: ImageOptions, progress: ProgressSink | None) -> Stack:
    """Return the decoded images, kept from another run where there are many."""
    folder = cache_folder()
    if folder is None or len(chosen) < _WORTH_KEEPING:
        return stack_images(chosen, options, chosen.place, progress)
    sketch = sketch_of(chosen.names, options)
    if has_sketch(folder, sketch):
        key = content_key([chosen.digest(index) for index in range(len(chosen))])
        if (kept := find_entry(folder, sketch, key)) is not None:
            return kept
    stack = stack_images(chosen, options, chosen.place, progress)
    keep_entry(folder, sketch, stack)
    return stack


def _skipped(stack: Stack, chosen: _Chosen) -> list[str]:
    if not stack.bad:
        return []
    listed = [
        f"{_printable(chosen.names[index])}: {stack.bad[index]}"
        for index in list(stack.bad)[:_LISTED]
    ]
    more = len(stack.bad) - len(listed)
    return [
        f"{len(stack.bad)} of {len(chosen)} images cannot be read and are left out. "
        f"{' '.join(listed)}" + (f" And {more} more." if more else "")
    ]


def _raw(
    layout: Layout, table: ImageLabels | None, stack: Stack, notes: tuple[str, ...]
) -> RawData:
    """Return rows and labels, of the development part and of the test part where there is one."""
    pairs = (*layout.images, *layout.test)
    good = [index for index in range(len(pairs)) if index not in stack.bad]
    n_first = sum(index < len(layout.images) for index in good)
    first, last = [pairs[i] for i in good[:n_first]], [pairs[i] for i in good[n_first:]]
    unlabelled = layout.flat and table is None
    raw = RawData(
        rows=stack.rows[:n_first],
        y=None if unlabelled else _labels(first),
        label_name=table.label_name if table else "label",
        groups=_groups(first, table),
        value_range=(0, 255) if stack.rows.dtype.itemsize == 1 else (0, 65535),
        notes=notes,
    )
    if not last:
        return raw
    test = replace(raw, rows=stack.rows[n_first:], y=_labels(last), groups=None)
    return replace(raw, test=test)


def _labels(pairs: list[tuple[str, str]]) -> Array:
    return names_from_text([name for _, name in pairs])


def _groups(pairs: list[tuple[str, str]], table: ImageLabels | None) -> Array | None:
    if table is None or table.groups is None:
        return None
    return names_from_text([table.groups[image] for image, _ in pairs])
