"""Messages as a server SDK sends them; nothing here needs Django, so that any process can make them."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

CLIENTS = 1_000
NAMES = ("page_view", "task_completed", "login", "content_generated", "Report Opened", "visual_created")


def messages(size: int, *, clients: int = CLIENTS) -> list[dict[str, Any]]:
    """About 200 bytes each, over so many clients."""
    now = datetime.now(UTC)
    return [
        {
            "type": "track",
            "event": random.choice(NAMES),
            "userId": f"client-{random.randint(1, clients)}",
            "messageId": f"{random.getrandbits(128):032x}",
            "timestamp": (now - timedelta(seconds=random.randrange(600))).isoformat(),
            "properties": {"path": "/reports/42", "seconds": 12},
        }
        for _ in range(size)
    ]
