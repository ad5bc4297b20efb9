"""The table of contenders: models that are tried on a data set, a row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.decomposition import PCA
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.model_selection import GridSearchCV, StratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, PolynomialFeatures, StandardScaler
from sklearn.svm import SVC

from qtrain.errors import QTrainError, shortened
from qtrain.extensions import Table
from qtrain.qml.classifier import TrainableQNNClassifier, resolve_architecture
from qtrain.triviality.data import Data
from qtrain.triviality.networks import FidelityKernel, Network, as_real
from qtrain.triviality.surrogates import Fourier, LowWeight

QUBITS = 6  # of a network that has no width of its own
KERNEL_QUBITS = 8
PAIRED = 16  # features whose products are all taken; more are reduced by PCA
PENALTIES = (0.03, 1.0, 30.0)  # C of linear models
GROUPS = ("one-body", "two-body", "classical", "surrogate", "product", "quantum")


@dataclass(frozen=True, eq=False)
class Model:
    """The quantum model of an audit.

    Attributes:
        name: as in the table. estimator: unfitted. width: features beyond it are reduced by PCA; None: none are.
        uploads: of the data. inside: its circuit is known, so that its gates can be taken out.
    """

    name: str
    estimator: Any
    width: int | None = None
    uploads: int = 1
    inside: bool = True


@dataclass(frozen=True, eq=False)
class Setting:
    """What a contender is built for."""

    data: Data
    model: Model
    seed: int = 0

    @property
    def inner(self) -> int:
        """Folds of a choice of parameters within the training data; 1: none is made."""
        return min(3, int(self.data.counts.min()) // 2)


@dataclass(frozen=True)
class Contender:
    """One row of the table.

    Attributes:
        name: of the model. group: one of `GROUPS`; what it stands for in the questions.
        make: setting -> an unfitted estimator of scikit-learn's kind. view: setting -> what it is trained on, (samples,
            features). refuses: setting -> why it cannot be tried on this data, or None.
        balance: classes are evened out by repeating samples, for a model without weights of classes.
        after: the model that it is made of: ``fit`` then takes ``network``, fitted on the same rows.
        without: the row that is the same without entanglement.
    """

    name: str
    group: str
    make: Callable[[Setting], Any]
    view: Callable[[Setting], np.ndarray]
    refuses: Callable[[Setting], str | None] = lambda setting: None
    balance: bool = False
    after: str | None = None
    without: str | None = None


CONTENDERS: Table[Contender] = Table("contender")


def register_contender(row: Contender, *, replace: bool = False) -> Contender:
    """Add a model to what every `qtrain.audit` tries from now on.

    Raises:
        QTrainError: a name that is taken, or a group that no question asks about.

    Example:
        >>> from sklearn.naive_bayes import GaussianNB
        >>> row = Contender("naive Bayes", "classical", lambda setting: GaussianNB(), plain)
        >>> register_contender(row) is CONTENDERS.remove("naive Bayes")
        True
    """
    if row.group not in GROUPS:
        raise QTrainError(f"group should be one of {', '.join(GROUPS)}. Got {row.group!r}.")
    return CONTENDERS.add(row.name, row, replace=replace)


def plain(setting: Setting) -> np.ndarray:
    """The features; of states the expectation values of all Pauli strings on one and on two qubits."""
    if not setting.data.quantum:
        assert setting.data.features is not None
        return setting.data.features
    return np.concatenate([_one_body(setting), _two_body(setting)], axis=1)


def _one_body(setting: Setting) -> np.ndarray:
    return setting.data.moments(1) if setting.data.quantum else plain(setting)


def _two_body(setting: Setting) -> np.ndarray:
    return setting.data.moments(2) if setting.data.num_qubits > 1 else np.zeros((len(setting.data.labels), 0))


def _model_view(setting: Setting) -> np.ndarray:
    return as_real(setting.data.states) if setting.data.states is not None else plain(setting)


def tuned(setting: Setting, estimator: Any, **grid: list[Any]) -> Any:
    """With parameters that are chosen within the training data, where each class has samples enough."""
    if setting.inner < 2:
        return estimator
    inner = StratifiedKFold(setting.inner, shuffle=True, random_state=setting.seed)
    return GridSearchCV(estimator, grid, cv=inner, scoring="balanced_accuracy")


def _logistic(setting: Setting, *first: Any) -> Any:
    options: dict[str, Any] = {"class_weight": "balanced", "max_iter": 300}
    if setting.inner < 2:
        return make_pipeline(*first, StandardScaler(), LogisticRegression(**options))
    inner = StratifiedKFold(setting.inner, shuffle=True, random_state=setting.seed)
    linear = LogisticRegressionCV(Cs=PENALTIES, cv=inner, scoring="balanced_accuracy", **options)
    return make_pipeline(*first, StandardScaler(), linear)


def _reduced(setting: Setting, most: int) -> list[Any]:
    return [StandardScaler(), PCA(most, random_state=setting.seed)] if setting.data.num_features > most else []


def _two_body_model(setting: Setting) -> Any:
    if setting.data.quantum:
        return _logistic(setting)
    products = PolynomialFeatures(2, include_bias=False)
    return _logistic(setting, *(_reduced(setting, PAIRED) or [StandardScaler()]), products)


def _machine(setting: Setting, *first: Any) -> Any:
    machine = make_pipeline(*first, StandardScaler(), SVC(class_weight="balanced"))
    return tuned(setting, machine, svc__C=[1.0, 10.0, 100.0])


def _neighbours(setting: Setting) -> Any:
    counts = [k for k in (1, 5, 15) if k <= len(setting.data.labels) // 3] or [1]
    machine = make_pipeline(StandardScaler(), KNeighborsClassifier(1))
    return tuned(setting, machine, kneighborsclassifier__n_neighbors=counts)


def _forest(setting: Setting) -> Any:
    return RandomForestClassifier(100, class_weight="balanced", random_state=setting.seed)


def _boosting(setting: Setting) -> Any:
    few = 100 if len(setting.data.classes) == 2 else 40
    return GradientBoostingClassifier(n_estimators=few, subsample=0.8, max_features="sqrt", random_state=setting.seed)


def _fourier(setting: Setting) -> Any:
    first = [*_reduced(setting, PAIRED), MinMaxScaler((0, np.pi), clip=True), Fourier(min(setting.model.uploads, 3))]
    return _logistic(setting, *first)


def _network(setting: Setting, *, entanglers: bool = True) -> Any:
    model = setting.model
    estimator = clone(model.estimator)
    if isinstance(estimator, Network):
        estimator.set_params(entanglers=entanglers)
    if model.width is None or setting.data.quantum or setting.data.num_features <= model.width:
        return estimator
    return make_pipeline(StandardScaler(), PCA(model.width, random_state=setting.seed), estimator)


def _kernel(setting: Setting, *, product: bool = False) -> Any:
    machine = FidelityKernel(product=product, quantum=setting.data.quantum, seed=setting.seed)
    if setting.data.quantum:
        return machine
    return make_pipeline(*_reduced(setting, KERNEL_QUBITS), MinMaxScaler(clip=True), machine)


def _needs_states(setting: Setting) -> str | None:
    return "shadows hold no states" if setting.data.measured is not None else None


def _needs_features(setting: Setting) -> str | None:
    return "the data are states: they have no angles" if setting.data.quantum else None


def _needs_two(setting: Setting) -> str | None:
    if why := _needs_states(setting):
        return why
    return "there is one qubit alone" if max(setting.data.num_qubits, setting.data.num_features) < 2 else None


def _needs_circuit(setting: Setting) -> str | None:
    return None if setting.model.inside else "the circuit of this model is not known"


SAME = "the same without two-qubit gates"
for _row in (  # in the order in which they are tried: what every question needs comes first
    Contender("one-body features", "one-body", _logistic, _one_body),
    Contender("two-body features", "two-body", _two_body_model, plain),
    Contender("SVC (RBF)", "classical", _machine, plain),
    Contender("quantum model", "quantum", _network, _model_view, _needs_states, balance=True,
              without=SAME),
    Contender(SAME, "product", lambda s: _network(s, entanglers=False), _model_view,
              lambda s: _needs_states(s) or _needs_circuit(s) or _needs_two(s), balance=True),
    Contender("its low-weight surrogate", "surrogate", lambda s: LowWeight(), _model_view, _needs_circuit, balance=True,
              after="quantum model"),
    Contender("fidelity kernel", "quantum", _kernel, _model_view, _needs_two, without="product kernel"),
    Contender("product kernel", "product", lambda s: _kernel(s, product=True), _model_view, _needs_two),
    Contender("its Fourier surrogate", "surrogate", _fourier, plain, lambda s: _needs_circuit(s) or _needs_features(s)),
    Contender("nearest neighbours", "classical", _neighbours, plain, balance=True),
    Contender("gradient boosting", "classical", _boosting, plain, balance=True),
    Contender("random forest", "classical", _forest, plain),
):  # fmt: skip
    register_contender(_row)


def resolve_model(model: Any, data: Data, *, seed: int) -> Model:
    """The quantum model that was asked for, made for this data.

    Args:
        model: an Architecture or a name, as `qtrain.TrainableQNNClassifier` takes it; such a classifier; any classifier
            of scikit-learn's kind; None: ``efficient_su2``.

    Raises:
        QTrainError: whatever is no model, or one of another width than the states.
    """
    if isinstance(model, TrainableQNNClassifier):
        options = {**model.get_params(), "random_state": seed, "quantum": data.quantum}
        network = Network(**options)
        width: int | None = None
    elif hasattr(model, "fit") and hasattr(model, "predict") and not isinstance(model, type):
        if data.quantum:
            raise QTrainError(
                "model should be one of qtrain's where the data are states. Got a "
                f"{type(model).__name__}: pass an Architecture or a name."
            )
        try:
            return Model(type(model).__name__, clone(model), inside=False)
        except TypeError as error:
            raise QTrainError(f"model should be one that scikit-learn can clone. Got {shortened(error)}.") from None
    else:
        asked = "efficient_su2" if model is None else model
        architecture, own = resolve_architecture(asked)
        width = own or min(max(2, data.num_features), QUBITS)
        network = Network(asked, num_qubits=width, random_state=seed, quantum=data.quantum)
    architecture, own = resolve_architecture(network.architecture)
    if data.quantum:
        if own not in (None, data.num_qubits):
            raise QTrainError(f"model should have {data.num_qubits} qubits, as the states. Got {own}.")
        network.set_params(num_qubits=data.num_qubits, reuploads=1)
        architecture.circuit(data.num_qubits)  # refuses a width that the family does not have
    said = network.architecture if isinstance(network.architecture, str) else architecture.summary
    name = said if len(said) < 40 and not said.startswith("{") else "network"
    uploads = architecture.uploads if network.reuploads is None else int(network.reuploads)
    return Model(name, network, width=width, uploads=uploads)
