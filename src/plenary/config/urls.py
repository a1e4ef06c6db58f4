"""Every address of the site, each declared with its permission (``plenary.web.routes``)."""

from __future__ import annotations

from plenary.api.private.urls import urlpatterns as private
from plenary.web.urls import handler400, handler403, handler404, handler500
from plenary.web.urls import urlpatterns as pages

urlpatterns = [*private, *pages]

__all__ = ["handler400", "handler403", "handler404", "handler500", "urlpatterns"]
