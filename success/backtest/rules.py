"""What may be judged: a rule says of each observation whether it raised an alarm.

A rule is a condition over the columns of an observation: organization_id, client_id, period_end, overall, band and
silent_days (whole days without activity before the period end). A later part of the product hands in more of them,
such as one for each kind of alert, with what was raised in the week before the period end:

    Rule("inactivity", "EXISTS (SELECT FROM … WHERE client_id = observation.client_id AND …)")
"""

from dataclasses import dataclass

AT_RISK, ATTENTION_OR_WORSE, RECENCY = "at_risk", "attention_or_worse", "recency"


@dataclass(frozen=True, slots=True)
class Rule:
    """`key` is a word of small letters; `condition` is SQL of the product's own, never anybody's input."""

    key: str
    condition: str


BANDS = ("at_risk", "attention", "good", "excellent")
# The at-risk band is the rule that the product itself goes by.
OWN_RULES = (
    *(Rule(band, f"observation.band = '{band}'") for band in BANDS),
    Rule(ATTENTION_OR_WORSE, "observation.band IN ('at_risk', 'attention')"),
    # As many alarms as the at-risk band raises, or as near to it as whole days come.
    Rule(RECENCY, "observation.silent_days >= cut.silent_days"),
)
