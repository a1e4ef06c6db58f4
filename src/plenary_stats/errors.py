"""The one error of unusable input. It stands alone so that every module can raise it."""


class InputError(Exception):
    """The input cannot be used at all. The message is one clear sentence and says how to mend it."""
