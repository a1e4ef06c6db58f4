"""The limit of what may be sent with a form. A body that is too large is passed over as it comes: nothing holds it."""

from __future__ import annotations

from typing import Any, Final

from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import HttpRequest

LARGEST: Final = 50 * 1024 * 1024
"""Bytes of a file that is sent with a form."""

_REST: Final = 64 * 1024
"""Bytes of a form beside its file."""


class Limit(FileUploadHandler):
    """Stands before the handlers that keep a file, and stops the upload where more is announced, or comes, than is taken."""

    def __init__(self, request: HttpRequest | None = None) -> None:
        super().__init__(request)
        self.announced = self.received = 0
        self.body: Any = None

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, boundary: Any, encoding: Any = None) -> None:  # noqa: ARG002, N803
        """Note how much is announced."""
        self.body, self.announced = input_data, content_length

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Stop before the first byte of a file is kept."""
        super().new_file(*args, **kwargs)
        if self.announced > LARGEST + _REST:
            self._stop()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:  # noqa: ARG002
        """Let a piece through to the handlers that keep it."""
        self.received += len(raw_data)
        if self.received > LARGEST:
            self._stop()
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the handlers that kept it."""

    def _stop(self) -> None:
        if self.request is not None:
            self.request.too_large = self.file_name or "The file"  # type: ignore[attr-defined]
        while self.body is not None and self.body.read(_REST):
            pass  # piece by piece: Django would read the rest line by line, and a line may be as long as the file
        raise StopUpload(connection_reset=False)


def too_large(request: HttpRequest) -> str:
    """Return the name of the file that was stopped because it is too large; nothing where none was."""
    return str(getattr(request, "too_large", ""))
