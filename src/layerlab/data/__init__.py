"""Data: what rows are, how they are read, looked at, split and folded."""

from layerlab.data.columns import LABEL_NAMES
from layerlab.data.dataset import Dataset
from layerlab.data.deformation import (
    DEFORMATIONS,
    Deformation,
    deformation_named,
    enlarge,
    warp,
)
from layerlab.data.digits import WRITER_STARTS
from layerlab.data.folds import FOLD_KINDS, make_folds
from layerlab.data.health import health_line, require_classes, require_groups
from layerlab.data.load import load_data
from layerlab.data.load_labelled_rows import load_labelled_rows
from layerlab.data.load_rows import Rows, load_rows
from layerlab.data.parts import Parts, join, load_parts
from layerlab.data.split import SPLIT_KINDS, Split
from layerlab.data.split_rule import SplitRule, parse_split, read_split
from layerlab.data.splits import DEFAULT_FRACTIONS, check_split, cut_off, split_rows
from layerlab.data.take_features import take_features

__all__ = [
    "DEFAULT_FRACTIONS",
    "DEFORMATIONS",
    "FOLD_KINDS",
    "LABEL_NAMES",
    "SPLIT_KINDS",
    "WRITER_STARTS",
    "Dataset",
    "Deformation",
    "Parts",
    "Rows",
    "Split",
    "SplitRule",
    "check_split",
    "cut_off",
    "deformation_named",
    "enlarge",
    "health_line",
    "join",
    "load_data",
    "load_labelled_rows",
    "load_parts",
    "load_rows",
    "make_folds",
    "parse_split",
    "read_split",
    "require_classes",
    "require_groups",
    "split_rows",
    "take_features",
    "warp",
]
