from django.db import models


class Message(models.Model):
    message_id = models.CharField(max_length=255, unique=True)
    body = models.BinaryField()
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.message_id
