from typing import Any
def home(request: Any, context: dict[str, Any]) -> dict[str, Any]:
    return context
