"""How somebody came to the check, in the words that staff read: by the keys that a source has."""

from collections.abc import Mapping

SOURCE_WORDS = {
    "utm_source": "Source",
    "utm_medium": "Medium",
    "utm_campaign": "Campaign",
    "utm_term": "Search term",
    "utm_content": "Link or ad",
    "ref": "Referred by",
    "referrer": "Came from the page",
}


def came_from(source: Mapping[str, str]) -> str:
    """The one word for where somebody came from; empty for those who came directly."""
    return source.get("utm_source") or source.get("ref") or ""
