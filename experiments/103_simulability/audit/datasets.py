"""Popular data sets of quantum machine learning, made offline: name -> features or states, classes, where they are from."""

from __future__ import annotations

import numpy as np
from sklearn import datasets
from sklearn.decomposition import PCA
from sklearn.preprocessing import StandardScaler


def iris(count, seed):
    """The first two of three species, as most tutorials take them."""
    X, y = datasets.load_iris(return_X_y=True)
    return _drawn(X[y < 2], y[y < 2], count, seed)


def breast_cancer(count, seed):
    """Wisconsin, its first four principal components."""
    X, y = datasets.load_breast_cancer(return_X_y=True)
    return _drawn(PCA(4).fit_transform(StandardScaler().fit_transform(X)), y, count, seed)


def digits_3_6(count, seed):
    """Threes and sixes of scikit-learn's 8 x 8 digits, averaged to 4 x 4: in the place of MNIST, which is a download."""
    images, y = datasets.load_digits().images, datasets.load_digits().target
    keep = np.isin(y, (3, 6))
    small = images[keep].reshape(-1, 4, 2, 4, 2).mean(axis=(2, 4)).reshape(-1, 16)
    return _drawn(small, y[keep], count, seed)


def moons(count, seed):
    """Two half circles, noise 0.2."""
    return datasets.make_moons(count, noise=0.2, random_state=seed)


def ad_hoc(count, seed):
    """Labels made by the very feature map of the kernel (1804.11326), 2 features, gap 0.3."""
    from qiskit_machine_learning.datasets import ad_hoc_data
    from qiskit_machine_learning.utils import algorithm_globals

    algorithm_globals.random_seed = seed
    X, y, _, _ = ad_hoc_data(count // 2, 0, 2, gap=0.3, one_hot=False)
    return np.asarray(X), np.asarray(y)


def parity(count, seed):
    """Parity of four bits, each with Gaussian noise of width 0.3."""
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2, (count, 4))
    return bits + rng.normal(0, 0.3, bits.shape), bits.sum(axis=1) % 2


def bars_and_stripes(count, seed):
    """4 x 4 pictures of whole columns or of whole rows, noise 0.5 (2403.07059)."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, count)
    lines = rng.choice([-1.0, 1.0], (count, 4))
    pictures = np.where(y[:, None, None] == 0, lines[:, None, :], lines[:, :, None]) * np.ones((1, 4, 4))
    return pictures.reshape(count, 16) + rng.normal(0, 0.5, (count, 16)), y


def hidden_manifold(count, seed):
    """Ten features that lie on a manifold of four dimensions, labels by a small random network (1909.11500)."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(count, 4))
    X = np.tanh(latent @ rng.normal(size=(4, 10)) / 2 - rng.normal(size=10))
    value = np.tanh(latent @ rng.normal(size=(4, 16)) / 2) @ rng.normal(size=16)
    return X, (value > np.median(value)).astype(int)


def xxx_phases(count, seed, *, num_qubits=8):
    """Ground states of the bond-alternating Heisenberg chain, J'/J in (0.1, 2): trivial or topological, 8 qubits."""
    from qiskit.quantum_info import SparsePauliOp
    from scipy.sparse.linalg import eigsh

    rng = np.random.default_rng(seed)
    ratio = np.concatenate([rng.uniform(0.1, 1, count // 2), rng.uniform(1, 2, count - count // 2)])
    bonds = [
        SparsePauliOp.from_sparse_list([(p, [q, q + 1], 1.0) for q in range(k, num_qubits - 1, 2) for p in ("XX", "YY", "ZZ")],
                                       num_qubits=num_qubits).to_matrix(sparse=True).real
        for k in (0, 1)
    ]  # fmt: skip
    start = rng.normal(size=2**num_qubits)
    states = [eigsh(bonds[0] + r * bonds[1], k=1, which="SA", v0=start)[1][:, 0] for r in ratio]
    return np.array(states, complex), (ratio > 1).astype(int)


def entanglement(count, seed, *, num_qubits=4):
    """States of low (< 0.25) and of high (> 0.4) concentrable entanglement (2104.06923), as in NTangled (2109.03400).

    Random rotations, RXX of random angles along a line, random rotations again, on 4 qubits; drawn until each class is full.
    """
    rng = np.random.default_rng(seed)
    kept = {0: [], 1: []}
    while min(map(len, kept.values())) < count // 2:
        state = np.eye(2**num_qubits, dtype=complex)[0].reshape((2,) * num_qubits)
        for _ in range(2):
            for q in range(num_qubits):
                state = np.moveaxis(np.tensordot(_rotation(rng), state, (1, q)), 0, q)
            half = rng.uniform(0, np.pi / 2)
            for q in range(num_qubits - 1):
                state = np.cos(half) * state - 1j * np.sin(half) * np.flip(state, (q, q + 1))
        for q in range(num_qubits):
            state = np.moveaxis(np.tensordot(_rotation(rng), state, (1, q)), 0, q)
        value = concentrable_entanglement(state)
        if (label := 0 if value < 0.25 else 1 if value > 0.4 else None) is not None and len(kept[label]) < count // 2:
            kept[label].append(state.ravel())
    return np.array(kept[0] + kept[1]), np.repeat([0, 1], count // 2)


def concentrable_entanglement(state):
    """1 minus the mean purity of all sets of qubits; state: (2, 2, ..., 2)."""
    n, purity = state.ndim, 0.0
    for chosen in range(2**n):
        inside = [q for q in range(n) if chosen >> q & 1]
        matrix = np.moveaxis(state, inside, range(len(inside))).reshape(2 ** len(inside), -1)
        purity += float(np.sum(np.linalg.svd(matrix, compute_uv=False) ** 4))
    return 1 - purity / 2**n


def _rotation(rng):
    """A random unitary on one qubit."""
    matrix, _ = np.linalg.qr(rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2)))
    return matrix


def _drawn(X, y, count, seed):
    """So many, each class by its share."""
    if count >= len(y):
        return X, y
    from sklearn.model_selection import train_test_split

    X, _, y, _ = train_test_split(X, y, train_size=count, stratify=y, random_state=seed)
    return X, y


SETS = {
    f.__name__: f
    for f in (iris, breast_cancer, digits_3_6, moons, ad_hoc, parity, bars_and_stripes, hidden_manifold, xxx_phases, entanglement)
}  # fmt: skip
