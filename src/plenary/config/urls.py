"""Every address of the site, each declared with its permission (``plenary.web.routes``)."""

from __future__ import annotations

from plenary.web.urls import handler403, handler404, handler500, urlpatterns

__all__ = ["handler403", "handler404", "handler500", "urlpatterns"]
