"""What a run leaves behind: the model file and the run folder."""

from layerlab.storage.model_file import (
    StoredModel,
    read_record,
    record_from_bytes,
    record_to_bytes,
    write_record,
)
from layerlab.storage.models import load_model, save_model
from layerlab.storage.record import ModelRecord
from layerlab.storage.run_folder import RunFolder

__all__ = [
    "ModelRecord",
    "RunFolder",
    "StoredModel",
    "load_model",
    "read_record",
    "record_from_bytes",
    "record_to_bytes",
    "save_model",
    "write_record",
]
