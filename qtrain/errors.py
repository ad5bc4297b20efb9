"""The exceptions qtrain raises for input it cannot treat."""


class QTrainError(ValueError):
    """Wrong input: one sentence that names the argument, what was expected and what came.

    Example:
        >>> raise QTrainError("samples should be at least 2. Got 1.")
        Traceback (most recent call last):
        ...
        qtrain.errors.QTrainError: samples should be at least 2. Got 1.
    """


class TooLargeError(QTrainError):
    """Input that is fine, but that no method reaches within its limits; other questions about it may have answers."""
