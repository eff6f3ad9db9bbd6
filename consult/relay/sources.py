"""How somebody came to the check, in the words that staff read: by the keys that a source has."""

SOURCE_WORDS = {
    "utm_source": "Source",
    "utm_medium": "Medium",
    "utm_campaign": "Campaign",
    "utm_term": "Search term",
    "utm_content": "Link or ad",
    "ref": "Referred by",
    "referrer": "Came from the page",
}
