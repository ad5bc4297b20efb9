"""The one exception qtrain raises for wrong input."""


class QTrainError(ValueError):
    """Wrong input: one sentence that names the argument, what was expected and what came.

    Example:
        >>> raise QTrainError("samples should be at least 2. Got 1.")
        Traceback (most recent call last):
        ...
        qtrain.errors.QTrainError: samples should be at least 2. Got 1.
    """
