"""The two ways in which a trainer ends early on purpose."""


class DataError(Exception):
    """The data cannot be used by this template; the process exits with 64 and this sentence."""


class ExportError(Exception):
    """The exported model does not do what the trained one does; nothing is submitted."""
