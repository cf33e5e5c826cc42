from django.db import migrations

from accounts.isolation import IsolateTable

OF_A_CLIENT = {"client": "accounts_client"}


class Migration(migrations.Migration):
    dependencies = [("success", "0005_insights_milestones_requests_and_churn")]

    operations = [
        IsolateTable("success_insight", references=OF_A_CLIENT),
        IsolateTable("success_milestonedefinition", shared=True),
        IsolateTable("success_milestone", references=OF_A_CLIENT),
        IsolateTable("success_feedbackrequest", references=OF_A_CLIENT),
        IsolateTable("success_churn", references=OF_A_CLIENT),
    ]
