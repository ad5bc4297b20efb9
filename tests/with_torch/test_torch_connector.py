"""A winner's QNN as a layer of a PyTorch model; run by `make test-torch`, with the extra `torch`."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from qiskit_machine_learning.connectors import TorchConnector

from qtrain import load, register
from qtrain.architecture import catalogue
from qtrain.registry.registry import RegistryEntry


@pytest.fixture
def winner():
    register(RegistryEntry("mine", catalogue.efficient_su2(reps=1), 2))
    return load("mine")


def points(samples=32):
    """Two classes, apart along the first feature."""
    rng = np.random.default_rng(1)
    labels = np.arange(samples) % 2
    data = rng.normal(0, 0.25, (samples, 2)) + np.where(labels[:, None] == 1, [1.0, 0.2], [-1.0, 0.2])
    return torch.tensor(data, dtype=torch.float64), torch.tensor(labels)


@pytest.mark.parametrize("reuploads", [1, 2])
def test_gradients_are_torchs_own(winner, reuploads):
    """By weights and by data, checked with torch's finite differences."""
    qnn = winner.qnn(observables="each", input_gradients=True, reuploads=reuploads)
    layer = TorchConnector(qnn, initial_weights=np.linspace(-1, 1, qnn.num_weights)).double()
    data = torch.tensor([[0.3, -0.8], [1.1, 0.4]], dtype=torch.float64, requires_grad=True)
    assert layer(data).shape == (2, 2)
    assert torch.autograd.gradcheck(lambda x: layer(x).double(), (data,), eps=1e-3, atol=1e-3)
    layer.zero_grad()
    layer(data).sum().backward()
    expected = qnn.backward(data.detach().numpy(), layer.weight.detach().numpy())[1].sum(axis=(0, 1))
    np.testing.assert_allclose(layer.weight.grad.numpy(), expected, atol=1e-6)


def test_a_hybrid_model_trains(winner):
    """Linear, QNN, linear: gradients pass through the QNN to the first layer."""
    torch.manual_seed(0)
    data, labels = points()
    data = data.float()
    qnn = winner.qnn(observables="each", input_gradients=True)
    first = torch.nn.Linear(2, 2)
    middle = TorchConnector(qnn, initial_weights=np.full(qnn.num_weights, 0.1))
    model = torch.nn.Sequential(first, middle, torch.nn.Linear(2, 2))
    optimizer, loss = torch.optim.Adam(model.parameters(), lr=0.1), torch.nn.CrossEntropyLoss()
    before, start = first.weight.detach().clone(), loss(model(data), labels).item()
    for _ in range(30):
        optimizer.zero_grad()
        loss(model(data), labels).backward()
        optimizer.step()
    assert loss(model(data), labels).item() < start / 2
    assert (model(data).argmax(dim=1) == labels).double().mean() > 0.9
    assert not torch.equal(first.weight, before)
