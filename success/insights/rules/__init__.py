"""The weekly rules, a file each."""

from success.insights.rules.achievement import ACHIEVEMENT
from success.insights.rules.milestone import MILESTONE
from success.insights.rules.recommendation import RECOMMENDATION
from success.insights.rules.tip import TIP
from success.insights.rules.weekly_summary import WEEKLY_SUMMARY

RULES = (WEEKLY_SUMMARY, ACHIEVEMENT, RECOMMENDATION, MILESTONE, TIP)
