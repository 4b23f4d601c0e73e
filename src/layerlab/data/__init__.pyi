# What the room offers, each imported when it is asked for: who deforms images waits for no reader
# of files. A module must not bear the name of what it offers, or it would stand in its place.

from .columns import LABEL_NAMES as LABEL_NAMES
from .dataset import Dataset as Dataset
from .deformation import (
    DEFORMATIONS as DEFORMATIONS,
    Deformation as Deformation,
    deformation_named as deformation_named,
    enlarge as enlarge,
    warp as warp,
)
from .digits import WRITER_STARTS as WRITER_STARTS
from .folds import FOLD_KINDS as FOLD_KINDS, make_folds as make_folds
from .health import (
    health_line as health_line,
    require_classes as require_classes,
    require_groups as require_groups,
)
from .load import load_data as load_data
from .model_features import take_features as take_features
from .model_labelled_rows import load_labelled_rows as load_labelled_rows
from .model_rows import Rows as Rows, load_rows as load_rows
from .parts import Parts as Parts, join as join, load_parts as load_parts
from .split import SPLIT_KINDS as SPLIT_KINDS, Split as Split
from .split_rule import SplitRule as SplitRule, parse_split as parse_split, read_split as read_split
from .splits import (
    DEFAULT_FRACTIONS as DEFAULT_FRACTIONS,
    check_split as check_split,
    cut_off as cut_off,
    split_rows as split_rows,
)
