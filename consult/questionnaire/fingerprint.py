"""What an edition says, as one number: the same as long as nothing of it changes.

Covers its questions, pages, conditions, weights, rules and every text, but not how they are
written down: neither the order of a YAML file nor the names of our classes counts.
"""

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from hashlib import sha256

from consult.questionnaire.questionnaire import Questionnaire


def fingerprint(questionnaire: Questionnaire) -> str:
    """SHA-256, in hexadecimal, of the edition as JSON with its keys in order."""
    content = [_plain(questionnaire.structure), _plain(questionnaire.words)]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _plain(value: object) -> object:
    if hasattr(value, "holds"):  # a condition reads as a sentence
        return str(value)
    if is_dataclass(value):
        # What is worked out from the rest has no say of its own.
        return {f.name: _plain(getattr(value, f.name)) for f in fields(value) if f.init}
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(inner) for inner in value]
    return value
