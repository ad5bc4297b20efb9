"""Families: which circuit a circuit is at other numbers of qubits, and how its gradients go on."""

from qtrain.diagnosis.families.family import FAMILIES, Family, FamilyRow, register_family
from qtrain.diagnosis.families.observables import observable_at
from qtrain.diagnosis.families.recognize import recognize
from qtrain.diagnosis.families.trend import trend

__all__ = ["FAMILIES", "Family", "FamilyRow", "observable_at", "recognize", "register_family", "trend"]
