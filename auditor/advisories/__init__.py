"""What is known to be bad: incidents, their packages, and which entries are among them."""

from auditor.advisories.index import Hit, How, IncidentIndex
from auditor.advisories.values import (
    BadPackage,
    Detail,
    Digest,
    FileSign,
    HashSign,
    Incident,
    Indicators,
    Kind,
    Moment,
    Pack,
    Step,
)

__all__ = [
    "BadPackage",
    "Detail",
    "Digest",
    "FileSign",
    "HashSign",
    "Hit",
    "How",
    "Incident",
    "IncidentIndex",
    "Indicators",
    "Kind",
    "Moment",
    "Pack",
    "Step",
]
