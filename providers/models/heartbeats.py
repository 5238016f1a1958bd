"""Hold when each recurring task last ran, so that silence shows."""

from django.db import models


class Heartbeat(models.Model):
    """The last time one recurring task ran to its end, by the database's clock."""

    name = models.CharField(max_length=40, unique=True)
    at = models.DateTimeField()

    objects = models.Manager["Heartbeat"]()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"
