"""How names of fields are written for people."""

from __future__ import annotations


def spoken(name: str) -> str:
    """A field's name in words.

    Example:
        >>> spoken("two_qubit_depth"), spoken("task_loss")
        ('two-qubit depth', 'task loss')
    """
    return name.replace("_", " ").replace("two qubit", "two-qubit")
