"""A body that is too large is passed over: nothing of it is kept, and the page says so."""

import io

import pytest
from django.core.files.uploadhandler import MemoryFileUploadHandler, StopUpload, TemporaryFileUploadHandler
from django.http.multipartparser import MultiPartParser
from django.test import RequestFactory

from plenary.web import uploads
from plenary.web.uploads import LARGEST, Limit, too_large

EDGE = b"--edge\r\n"
HEAD = EDGE + b'Content-Disposition: form-data; name="token"\r\n\r\nabc\r\n' + EDGE
FILE = b'Content-Disposition: form-data; name="file"; filename="cases.csv"\r\nContent-Type: text/csv\r\n\r\n'
END = b"\r\n--edge--\r\n"


class Endless(io.RawIOBase):
    """A body of any size that is never in memory as a whole."""

    def __init__(self, size):
        self.parts, self.left, self.end = HEAD + FILE, size, END
        self.read_bytes = 0

    @property
    def length(self):
        return len(self.parts) + self.left + len(self.end)

    def readable(self):
        return True

    def read(self, size=-1):
        size = min(size if size >= 0 else 1 << 20, 1 << 20)
        if self.parts:
            piece, self.parts = self.parts[:size], self.parts[size:]
        elif self.left:
            piece = b"x" * min(size, self.left)
            self.left -= len(piece)
        else:
            piece, self.end = self.end[:size], self.end[size:]
        self.read_bytes += len(piece)
        return piece


def parsed(body, announced=None):
    request = RequestFactory().post("/")
    handlers = [kind(request) for kind in (Limit, MemoryFileUploadHandler, TemporaryFileUploadHandler)]
    meta = {"CONTENT_TYPE": "multipart/form-data; boundary=edge", "CONTENT_LENGTH": str(announced or body.length)}
    post, files = MultiPartParser(meta, body, handlers).parse()
    return request, post, files


def test_a_file_within_the_limit_is_kept():
    request, post, files = parsed(Endless(1000))
    assert post["token"] == "abc"
    assert files["file"].size == 1000
    assert too_large(request) == ""


def test_more_than_is_taken_is_stopped_before_its_first_byte_is_kept(monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST", 10_000)
    monkeypatch.setattr(uploads, "_REST", 1_000)
    request, post, files = parsed(Endless(12_000))
    assert not files
    assert post["token"] == "abc", "what was typed beside it stays"
    assert too_large(request) == "cases.csv"


def test_a_body_that_announces_too_little_is_stopped_where_it_grows_too_large():
    limit = Limit(RequestFactory().post("/"))
    limit.new_file("file", "cases.csv", "text/csv", 10)
    piece = b"x" * (LARGEST // 2)
    assert limit.receive_data_chunk(piece, 0) == piece
    assert limit.receive_data_chunk(piece, len(piece)) == piece
    with pytest.raises(StopUpload) as stop:
        limit.receive_data_chunk(b"x", LARGEST)
    assert stop.value.connection_reset is False, "the answer can still be read"
    assert too_large(limit.request) == "cases.csv"


@pytest.mark.slow
def test_a_gigabyte_without_a_line_end_passes_by_without_being_kept(tmp_path, settings):
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    body = Endless(1_000_000_000)
    request, _, files = parsed(body)
    assert too_large(request) == "cases.csv"
    assert not files
    assert body.read_bytes > 1_000_000_000, "read to its end, so that the browser gets the answer"
    assert not list(tmp_path.iterdir())
