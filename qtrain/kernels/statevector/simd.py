"""Eight doubles as one numba value, so that batch lanes become vector instructions for certain.

LLVM's own vectoriser gives up on the kernels' pair updates (it cannot prove that two amplitudes
do not overlap). A ``vec8`` is an LLVM ``<8 x double>``: one AVX-512 register, or two AVX ones.
Usable inside ``@njit`` functions only: ``load``, ``store``, ``splat``, ``swap1``, ``swap2``, ``swap4``, ``+ - *``.

Example:
    >>> import numpy as np
    >>> from numba import njit
    >>> from qtrain.kernels.statevector.simd import load, store
    >>> @njit
    ... def double(a):
    ...     v = load(a, 0)
    ...     store(a, 0, v + v)
    >>> a = np.arange(8.0)
    >>> double(a)
    >>> a.tolist()
    [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0]
"""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils, types
from numba.core.datamodel import models
from numba.core.typing.templates import ConcreteTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin, register_model

LANES = 8
_DOUBLE = ir.DoubleType()
_VECTOR = ir.VectorType(_DOUBLE, LANES)
_FLAGS = ("contract", "nsz")  # allows fused multiply-add, nothing that changes a NaN or an infinity


class _Vec8(types.Type):
    def __init__(self) -> None:
        super().__init__(name="qtrain_vec8")


vec8 = _Vec8()


@register_model(_Vec8)
class _Vec8Model(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: Any) -> None:
        super().__init__(dmm, fe_type, _VECTOR)


def _register(function: Any, method: str) -> None:
    class _Template(ConcreteTemplate):
        key = function
        cases = [signature(vec8, vec8, vec8)]

    infer_global(function)(_Template)

    @lower_builtin(function, vec8, vec8)
    def _lower(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        return getattr(builder, method)(args[0], args[1], flags=_FLAGS)


_register(operator.add, "fadd")
_register(operator.sub, "fsub")
_register(operator.mul, "fmul")


def _address(context: Any, builder: Any, array_type: Any, array: Any, index: Any) -> Any:
    data = context.make_array(array_type)(context, builder, array).data
    return builder.bitcast(builder.gep(data, [index]), _VECTOR.as_pointer())


def _is_flat(array: Any, index: Any) -> bool:
    return (
        isinstance(array, types.Array)
        and array.dtype == types.float64
        and array.ndim == 1
        and array.layout == "C"
        and isinstance(index, types.Integer)
    )


def _load(typingctx: Any, array: Any, index: Any) -> Any:
    """array[index : index + 8] of a flat C-contiguous float64 array; no bounds check."""
    if not _is_flat(array, index):
        return None

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        at = context.cast(builder, args[1], index, types.intp)
        return builder.load(_address(context, builder, array, args[0], at), align=8)

    return vec8(array, index), codegen


def _store(typingctx: Any, array: Any, index: Any, value: Any) -> Any:
    """array[index : index + 8] = value; no bounds check."""
    if not _is_flat(array, index) or value is not vec8:
        return None

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        at = context.cast(builder, args[1], index, types.intp)
        builder.store(args[2], _address(context, builder, array, args[0], at), align=8)
        return context.get_dummy_value()

    return types.void(array, index, vec8), codegen


def _splat(typingctx: Any, value: Any) -> Any:
    """A scalar in all eight lanes."""
    if value != types.float64:
        return None

    def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
        one = builder.insert_element(ir.Constant(_VECTOR, ir.Undefined), args[0], cgutils.intp_t(0))
        mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
        return builder.shuffle_vector(one, one, mask)

    return vec8(value), codegen


def _swap(step: int) -> Any:
    def swap(typingctx: Any, value: Any) -> Any:
        if value is not vec8:
            return None

        def codegen(context: Any, builder: Any, sig: Any, args: Any) -> Any:
            mask = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [lane ^ step for lane in range(LANES)])
            return builder.shuffle_vector(args[0], args[0], mask)

        return vec8(value), codegen

    return intrinsic(swap)


swap1, swap2, swap4 = _swap(1), _swap(2), _swap(4)
"""Lanes l and l ^ 1, l ^ 2, l ^ 4 exchanged."""
load: Any = intrinsic(_load)
store: Any = intrinsic(_store)
splat: Any = intrinsic(_splat)


def aligned(size: int) -> np.ndarray:
    """An uninitialised flat float64 array that starts on a cache line (64 bytes).

    Example:
        >>> from qtrain.kernels.statevector.simd import aligned
        >>> aligned(100).ctypes.data % 64
        0
    """
    raw = np.empty(size + LANES)
    skip = (-raw.ctypes.data // 8) % LANES
    return raw[skip : skip + size]
