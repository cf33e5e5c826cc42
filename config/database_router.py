"""Both aliases are one database under two roles: `owner` migrates, `default` does everything else."""

from typing import Any


class OneDatabase:
    def allow_relation(self, obj1: Any, obj2: Any, **hints: Any) -> bool:
        return True
