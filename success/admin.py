from success import client_admin

__all__ = ["client_admin"]
