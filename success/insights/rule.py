"""What a weekly rule is: data over the columns of `success.insights.weeks`, so that one statement runs all of them."""

from collections.abc import Mapping
from dataclasses import dataclass

from success.models import Insight

SUCCESS_PAGE = "/client/dashboard/success"
# In an action: the address of the organization's own application, or nothing where it has not told one.
APPLICATION = "{application}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One kind of insight. `holds` and `priority` are SQL over the columns; evidence names the columns it shows.

    Days from and to, both included, are part of every evidence.
    """

    kind: Insight.Kind
    holds: str
    priority: str
    evidence: Mapping[str, str]
    action: str

    def action_url(self, application: str) -> str:
        return self.action.format(application=application)


def priority(value: Insight.Priority) -> str:
    return str(int(value))
