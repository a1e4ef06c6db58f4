"""What everybody may read. Nothing here can reach a case: an import contract proves it."""

from __future__ import annotations

from plenary.web.public import about
from plenary.web.routes import PUBLIC, route

urlpatterns = [
    route("", about.home, "home", PUBLIC),
    route("about/", about.about, "about", PUBLIC),
    route("accessibility/", about.accessibility, "accessibility", PUBLIC),
]
