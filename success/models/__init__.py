from success.models.churn import Churn
from success.models.feedback import Feedback, FeedbackRequest
from success.models.insights import Insight
from success.models.milestones import Milestone, MilestoneDefinition
from success.models.policies import Component, ScoringPolicy
from success.models.scores import Score, ScoreQuerySet
from success.models.tasks import Task

__all__ = [
    "Churn",
    "Component",
    "Feedback",
    "FeedbackRequest",
    "Insight",
    "Milestone",
    "MilestoneDefinition",
    "Score",
    "ScoreQuerySet",
    "ScoringPolicy",
    "Task",
]
