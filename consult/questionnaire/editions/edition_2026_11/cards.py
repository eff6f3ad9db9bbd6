"""The sorting cards of the edition 2026-11, in the order in which they are shown.

Marketing or sales, under the source's definitions (Q1, Q2). An "either" card teaches; it never
counts. The order mixes the sides so that no page of four is all of one kind.
"""

CARDS = {
    "social_post": "marketing",
    "quote_callback": "sales",
    "newsletter": "marketing",
    "ask_for_order": "sales",
    "trade_show": "either",
    "cold_ad": "marketing",
    "proposal": "sales",
    "price_objection": "sales",
    "sponsorship": "marketing",
    "referral_ask": "either",
    "demo": "sales",
    "how_to_content": "marketing",
    "prospect_list": "sales",
    "retargeting_ad": "either",
    "be_found": "marketing",
    "deadline_deal": "either",
}
