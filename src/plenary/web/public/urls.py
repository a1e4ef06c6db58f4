"""What everybody may read. Nothing here can reach a case: an import contract proves it."""

from __future__ import annotations

from plenary.web.public import about, editions, find, services
from plenary.web.routes import PUBLIC, route

urlpatterns = [
    route("", about.home, "home", PUBLIC),
    route("services/", services.all_services, "services", PUBLIC),
    route("services.csv", services.services_file, "services_file", PUBLIC),
    route("services/<slug:service>/", services.one_service, "service", PUBLIC),
    route("services/<slug:service>/centres.csv", services.centres_file, "centres_file", PUBLIC),
    route("services/<slug:service>/centres/<str:ods>/", services.one_centre, "centre", PUBLIC),
    route("find/", find.which_centre, "find", PUBLIC),
    route("editions/", editions.all_editions, "editions", PUBLIC),
    route("editions/<str:edition>/", editions.front_page, "edition", PUBLIC),
    route("editions/<str:edition>/<path:name>", editions.file, "edition_file", PUBLIC),
    route("about/", about.about, "about", PUBLIC),
    route("accessibility/", about.accessibility, "accessibility", PUBLIC),
]
