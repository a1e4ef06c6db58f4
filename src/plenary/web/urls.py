"""Every address of the site, in the order in which they are tried."""

from __future__ import annotations

from plenary.web.account.urls import urlpatterns as account
from plenary.web.public.urls import urlpatterns as public
from plenary.web.workspace.urls import urlpatterns as workspace

urlpatterns = [*account, *workspace, *public]

handler400 = "plenary.web.errors.bad_request"
handler403 = "plenary.web.errors.forbidden"
handler404 = "plenary.web.errors.not_found"
handler500 = "plenary.web.errors.server_error"
