"""The addresses of the calls of centres' systems. Who may is said by the signature, not by a sign-in."""

from __future__ import annotations

from plenary.api.private import document, views
from plenary.web.routes import PUBLIC, Permission, route

SIGNED = Permission("a centre's system, by its signature", PUBLIC.allows, signed_in=False, second_factor=False)
HERE = "api/private/v1/"

urlpatterns = [
    route(f"{HERE}openapi.json", document.openapi, "api_document", PUBLIC),
    route(f"{HERE}uploads/", views.begin, "api_begin", SIGNED),
    route(f"{HERE}uploads/<slug:token>/", views.upload, "api_upload", SIGNED),
    route(f"{HERE}uploads/<slug:token>/finish/", views.finish, "api_finish", SIGNED),
    route(f"{HERE}submissions/<int:number>/", views.submission, "api_submission", SIGNED),
]
