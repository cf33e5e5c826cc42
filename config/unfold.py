"""How the admin looks and what its sidebar holds, as data."""

from typing import Any

# Calm blue-green on cool grey. Text on 600 and links in 600 on white pass WCAG AA (5.5:1).
PRIMARY = {
    "50": "oklch(97.8% .014 195)",
    "100": "oklch(94.6% .032 195)",
    "200": "oklch(90% .052 196)",
    "300": "oklch(83% .076 197)",
    "400": "oklch(72% .095 200)",
    "500": "oklch(61% .095 205)",
    "600": "oklch(50.5% .085 210)",
    "700": "oklch(43.5% .073 214)",
    "800": "oklch(38% .06 217)",
    "900": "oklch(33% .05 220)",
    "950": "oklch(24% .04 224)",
}

UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "Mainstay",
    "SITE_HEADER": "Mainstay",
    "SITE_SUBHEADER": "accounts.admin_branding.place",
    "SITE_SYMBOL": "anchor",
    "SITE_FAVICONS": [{"rel": "icon", "href": "accounts.admin_branding.favicon", "type": "image/svg+xml"}],
    "SITE_URL": None,
    "SHOW_VIEW_ON_SITE": False,
    "ENVIRONMENT": "accounts.admin_branding.environment",
    "GLOBAL_CALLBACK": "accounts.admin_branding.frame",
    "DASHBOARD_CALLBACK": "health.home.page.home",
    "COLORS": {"primary": PRIMARY},
    "ACCOUNT": {"navigation": "accounts.admin_branding.account_links"},
    "SIDEBAR": {
        "show_search": False,
        "command_search": False,
        "show_all_applications": False,
        "navigation": "accounts.admin_navigation.navigation",
    },
}

# An entry whose model or page is not there, or that the person may not see, is left out.
ADMIN_NAVIGATION: list[dict[str, Any]] = [
    {
        "title": "",
        "items": [
            {"title": "Home", "icon": "home", "page": "admin:index"},
            {
                "title": "Alerts",
                "icon": "notifications_active",
                "model": "health.Alert",
                "badge": "health.badge.sidebar_badge",
                "badge_variant": "danger",
            },
        ],
    },
    {
        "title": "Clients",
        "items": [
            {"title": "Clients", "icon": "group", "model": "accounts.Client"},
            {"title": "Scores", "icon": "monitoring", "model": "success.Score"},
            {"title": "Insights", "icon": "lightbulb", "model": "success.Insight"},
            {"title": "Tasks", "icon": "checklist", "model": "success.Task"},
            {"title": "Feedback", "icon": "reviews", "model": "success.Feedback"},
            {"title": "Milestones", "icon": "trophy", "model": "success.Milestone"},
            {"title": "Milestone definitions", "icon": "flag", "model": "success.MilestoneDefinition"},
            {"title": "Churned clients", "icon": "person_off", "model": "success.Churn"},
            {"title": "Backtest", "icon": "query_stats", "page": "admin:success_backtest"},
            {"title": "Scoring policies", "icon": "balance", "model": "success.ScoringPolicy"},
        ],
    },
    {
        "title": "Activity",
        "items": [
            {"title": "Events", "icon": "bolt", "model": "telemetry.Event"},
            {"title": "Event names", "icon": "label", "model": "telemetry.EventName"},
            {"title": "Quarantine", "icon": "front_hand", "model": "telemetry.QuarantinedEvent"},
            {"title": "Imports", "icon": "upload_file", "model": "telemetry.ImportFile"},
        ],
    },
    {
        "title": "Mail",
        "items": [
            {"title": "Outgoing mail", "icon": "outgoing_mail", "model": "emails.OutboxEmail"},
            {"title": "What became of mail", "icon": "mark_email_read", "model": "emails.MailActivity"},
            {"title": "Contacts", "icon": "contact_mail", "model": "emails.Contact"},
            {"title": "Mail preferences", "icon": "how_to_reg", "model": "emails.MailPreference"},
            {"title": "What clients said", "icon": "history_edu", "model": "emails.Consent"},
            {"title": "Stopped addresses", "icon": "unsubscribe", "model": "emails.Suppression"},
            {"title": "Contact policies", "icon": "quiet_time", "model": "emails.ContactPolicy"},
        ],
    },
    {
        "title": "Work",
        "items": [
            {"title": "Jobs", "icon": "work_history", "page": "admin:jobs_status", "roles": []},
            {"title": "Runs", "icon": "list_alt", "model": "jobs.JobRun"},
            {"title": "Schedules", "icon": "schedule", "model": "django_celery_beat.PeriodicTask"},
        ],
    },
    {
        "title": "Organization",
        "items": [
            {"title": "Organization", "icon": "apartment", "model": "accounts.Organization"},
            {"title": "Members", "icon": "badge", "model": "accounts.Membership"},
            {"title": "Health policies", "icon": "tune", "model": "health.HealthPolicy"},
            {"title": "Precision of alerts", "icon": "target", "page": "admin:health_alert_precision"},
            {"title": "Holidays", "icon": "event_busy", "model": "health.Holiday"},
            {"title": "Notices", "icon": "mail", "model": "health.NoticePreference"},
            {"title": "API keys", "icon": "key", "model": "accounts.ApiKey"},
            {"title": "Audit log", "icon": "history", "model": "accounts.AuditEntry"},
        ],
    },
    {
        "title": "Operator",
        "items": [
            {"title": "Users", "icon": "person", "model": "accounts.User"},
            {"title": "Operator alerts", "icon": "notifications", "model": "health.OperatorAlert"},
        ],
    },
]
