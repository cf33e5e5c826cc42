"""django-celery-beat's pages in the look of this admin."""

from typing import Any

from django.contrib import admin
from django_celery_beat import admin as beat
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from accounts.admin_access import ForgivingList

for model in (PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    admin.site.unregister(model)


class TaskSelect(UnfoldAdminSelectWidget, beat.TaskSelectWidget):  # type: ignore[misc]
    pass


class ScheduleForm(beat.PeriodicTaskForm):  # type: ignore[misc]
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(ForgivingList, beat.PeriodicTaskAdmin, ModelAdmin):  # type: ignore[misc]
    form = ScheduleForm
    list_fullwidth = True


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(ForgivingList, beat.CrontabScheduleAdmin, ModelAdmin):  # type: ignore[misc]
    pass


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(ForgivingList, ModelAdmin):  # type: ignore[misc]
    list_display = ("__str__", "every", "period")


@admin.register(SolarSchedule)
class SolarScheduleAdmin(ForgivingList, ModelAdmin):  # type: ignore[misc]
    list_display = ("__str__", "event", "latitude", "longitude")


@admin.register(ClockedSchedule)
class ClockedScheduleAdmin(ForgivingList, beat.ClockedScheduleAdmin, ModelAdmin):  # type: ignore[misc]
    pass
