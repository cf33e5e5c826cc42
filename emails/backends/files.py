"""Each mail as a file that mail programs open, named by its Message-ID: the same mail is the same file."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend


class EmailBackend(BaseEmailBackend):
    def __init__(self, file_path: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.folder = Path(file_path or settings.EMAIL_FILE_PATH)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self.folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            mime = message.message()
            name = "".join(letter for letter in str(mime["Message-ID"]).split("@")[0] if letter.isalnum())
            unfinished = self.folder / f"{name}.part"
            unfinished.write_bytes(mime.as_bytes())
            unfinished.replace(self.folder / f"{name}.eml")
        return len(email_messages)
