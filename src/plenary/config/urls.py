"""Every address of the site: sign-in here, the rest from the lists that the pages offer."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [path("account/", include("allauth.urls"))]

if find_spec("plenary.web") is not None and find_spec("plenary.web.urls") is not None:
    urlpatterns.append(path("", include("plenary.web.urls")))
