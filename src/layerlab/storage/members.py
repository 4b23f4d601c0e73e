"""The networks of an ensemble as one record, and back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sklearn.base import clone

from layerlab.errors import ModelFileError
from layerlab.models import FeedforwardClassifier, FeedforwardEnsemble
from layerlab.storage.model_header import header_of
from layerlab.storage.record import MemberRecord, ModelRecord

__all__ = ["apart", "joined", "together"]

# What a loader says of the rows, beside what the estimator learnt.
DESCRIBED = ("image_shape_", "value_range_", "data_name_", "image_options_")


def joined(records: Sequence[ModelRecord]) -> ModelRecord:
    """Return one record of networks that are alike but for their weights and input maps.

    Raises
    ------
    ModelFileError
        If they differ in something else.
    """
    first, *others = records
    headers = [header_of(record) for record in records]
    for number, header in enumerate(headers[1:], start=2):
        differing = [key for key in header if header[key] != headers[0].get(key)]
        if header.keys() != headers[0].keys() or differing:
            raise ModelFileError(
                f"An ensemble is stored whose networks are alike, and network {number} differs "
                f"from the first in {', '.join(differing) or 'its kind'}. Save them one by one."
            )
    return replace(first, others=tuple(MemberRecord(r.theta, r.shift, r.scale) for r in others))


def apart(record: ModelRecord) -> list[ModelRecord]:
    """Return a record of each network."""
    first = replace(record, others=())
    return [first, *(replace(first, **vars(member)) for member in record.others)]


def together(
    networks: list[FeedforwardClassifier],
) -> FeedforwardClassifier | FeedforwardEnsemble:
    """Return the network, or the ensemble that several are, with all that is known of the rows."""
    if len(networks) == 1:
        return networks[0]
    ensemble = FeedforwardEnsemble(clone(networks[0]), len(networks)).take(networks)
    for name in DESCRIBED:
        setattr(ensemble, name, getattr(networks[0], name))
    return ensemble
