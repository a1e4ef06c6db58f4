"""The signed-in part: each page with the posts that may see it."""

from __future__ import annotations

from plenary.web.routes import SIGNED_IN, route
from plenary.web.workspace import home

urlpatterns = [
    route("workspace/", home.my_work, "workspace", SIGNED_IN),
]
