"""The command line: one module a noun, one function a verb. ``plenary --help`` is the reference page."""
