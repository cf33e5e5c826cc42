"""Since when a client has been silent.

Without an event it is since the client was created here, not since it signed up elsewhere: a list of old customers
that is imported today is not a list of alarms.
"""

SILENCE = """
SELECT client.id AS client_id, activity.last_at, coalesce(activity.last_at, client.created_at) AS silent_since
FROM accounts_client AS client
LEFT JOIN telemetry_clientactivity AS activity
    ON activity.organization_id = client.organization_id AND activity.client_id = client.id
WHERE {watched}
"""
LAST_ACTIVITY = {"lastActivityAt": "last_at", "silentSince": "silent_since"}
