"""How the API's documentation describes its keys."""

from typing import Any

from drf_spectacular.extensions import (
    OpenApiAuthenticationExtension,
    OpenApiSerializerExtension,
    OpenApiSerializerFieldExtension,
)


class SecretKeyScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "accounts.authentication.SecretKeyAuthentication"
    name = "secretKey"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A secret key, made in the admin under API keys."}


class CronSecretScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "jobs.cron.CronSecret"
    name = "cronSecret"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "CRON_SECRET of the installation."}


class StrictBody(OpenApiSerializerExtension):  # type: ignore[no-untyped-call]
    target_class = "success.api.fields.Strict"
    match_subclasses = True

    def map_serializer(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        shape: dict[str, Any] = auto_schema._map_serializer(  # noqa: SLF001 - as drf-spectacular's own extensions do
            self.target, direction, bypass_extensions=True
        )
        return shape | {"additionalProperties": False}


class SeveralWords(OpenApiSerializerFieldExtension):  # type: ignore[no-untyped-call]
    target_class = "health.api.alert_fields.SeveralField"

    def map_serializer_field(self, auto_schema: Any, direction: Any) -> dict[str, Any]:
        either = "|".join(self.target.words)
        return {"type": "string", "pattern": f"^({either})(,({either}))*$"}
