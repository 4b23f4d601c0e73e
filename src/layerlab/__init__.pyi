# What `import layerlab` offers, each imported when it is asked for: lazy_loader reads this file.
# Who fits one network waits for no room but those that it stands on.

from ._checkpoint import Checkpoint as Checkpoint
from ._version import __version__ as __version__
from .api.checking import check as check
from .api.running import Run as Run, explore as explore
from .api.scoring import Evaluation as Evaluation, evaluate as evaluate
from .api.training import Trained as Trained, train as train
from .callbacks import (
    Callbacks as Callbacks,
    LogToJSONL as LogToJSONL,
    ShowProgress as ShowProgress,
    StopAtTime as StopAtTime,
)
from .data import (
    Dataset as Dataset,
    Deformation as Deformation,
    Parts as Parts,
    Split as Split,
    health_line as health_line,
    join as join,
    load_data as load_data,
    load_labelled_rows as load_labelled_rows,
    load_parts as load_parts,
    load_rows as load_rows,
    make_folds as make_folds,
    read_split as read_split,
    split_rows as split_rows,
)
from .data.checks import Finding as Finding, HealthReport as HealthReport
from .exploration import knn_curve as knn_curve
from .metrics import (
    Score as Score,
    paired_difference as paired_difference,
    wilson_interval as wilson_interval,
)
from .models import (
    EarlyStopping as EarlyStopping,
    FeedforwardClassifier as FeedforwardClassifier,
    FeedforwardEnsemble as FeedforwardEnsemble,
    GradientCheck as GradientCheck,
    check_gradient as check_gradient,
)
from .models.rates import learning_rate_curve as learning_rate_curve
from .models.recipes import RECIPES as RECIPES, Recipe as Recipe
from .network import (
    Network as Network,
    cost as cost,
    cost_and_gradient as cost_and_gradient,
    feedforward as feedforward,
    fit_input_map as fit_input_map,
    gradient as gradient,
    start_weights as start_weights,
)
from .reporting.drawings import draw_knn_curve as draw_knn_curve, draw_rows as draw_rows
from .reporting.pictures import picture_grid as picture_grid
from .solvers import (
    LBFGS as LBFGS,
    SGD as SGD,
    Adam as Adam,
    AdamW as AdamW,
    Constant as Constant,
    Cosine as Cosine,
    Hybrid as Hybrid,
    Muon as Muon,
    NonlinearCG as NonlinearCG,
    OneCycle as OneCycle,
    Plateau as Plateau,
    Redrawing as Redrawing,
    ScaledCG as ScaledCG,
    ScipyMinimizer as ScipyMinimizer,
    StepDecay as StepDecay,
    Stopping as Stopping,
    WarmUp as WarmUp,
)
from .storage import load_model as load_model, save_model as save_model
