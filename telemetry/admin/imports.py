from typing import Any

from django.contrib import admin
from django.db import models
from django.http import HttpRequest

from telemetry.admin.read_only import ReadOnlyAdmin
from telemetry.models import ImportFile

COUNTS = ("rows_done", "accepted", "duplicate", "quarantined", "rejected")


@admin.register(ImportFile)
class ImportFileAdmin(ReadOnlyAdmin):
    list_display = ("name", *COUNTS, "started_at", "finished_at", "organization")
    list_filter = (("finished_at", admin.EmptyFieldListFilter),)
    list_select_related = ("organization",)
    search_fields = ("name",)
    ordering = ("-id",)
    fields = ("organization", "name", *COUNTS, "started_at", "finished_at")

    def get_fields(self, request: HttpRequest, obj: models.Model | None = None) -> Any:
        return self.fields if request.user.is_superuser else self.fields[1:]
