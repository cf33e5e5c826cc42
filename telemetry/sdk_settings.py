"""What the browser SDKs fetch before they send: where to, and that nothing else is switched on."""

from typing import Any

from telemetry.write_keys import SendingKey


def analytics_js_settings(write_key: str, *, scheme: str, host: str) -> dict[str, Any]:
    """For analytics.js. It sends to the apiHost named here, over https unless told otherwise."""
    everything = {"__default": {"enabled": True, "integrations": {}}}
    return {
        "integrations": {
            "Segment.io": {
                "apiKey": write_key,
                "apiHost": f"{host}/v1",
                "protocol": scheme,
                "unbundledIntegrations": [],
                "addBundledMetadata": True,
            }
        },
        "plan": {"track": everything, "identify": everything, "group": everything},
        "edgeFunction": {},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},
        "remotePlugins": [],
    }


def rudderstack_source_config(key: SendingKey) -> dict[str, Any]:
    """For RudderStack's SDK: an enabled source without destinations that reports nothing about itself."""
    silent = {"errors": {"enabled": False}, "metrics": {"enabled": False}}
    return {
        "source": {
            "id": str(key.id),
            "name": "mainstay",
            "workspaceId": str(key.organization_id),
            "enabled": True,
            "config": {"statsCollection": silent},
            "destinations": [],
            "connections": [],
            "dataplanes": {},
        }
    }
