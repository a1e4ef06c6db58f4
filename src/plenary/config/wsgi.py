"""The door for the application server."""

from __future__ import annotations

import os
from importlib import import_module

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "plenary.config.settings")
application = get_wsgi_application()
import_module("plenary.config.urls")  # or the first reader would wait for every page's code
