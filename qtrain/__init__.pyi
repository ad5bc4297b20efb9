# The public names and where each lives; lazy_loader reads this file, and so do type checkers.
from .architecture.architecture import Architecture as Architecture
from .architecture.architecture import Layer as Layer
from .budget import Budget as Budget
from .diagnosis.diagnose import diagnose as diagnose
from .diagnosis.expressivity import expressivity as expressivity
from .diagnosis.report import TrainabilityReport as TrainabilityReport
from .diagnosis.results import Simulability as Simulability
from .diagnosis.scaling import Scaling as Scaling
from .diagnosis.scaling import scaling as scaling
from .diagnosis.simulability import simulability as simulability
from .errors import QTrainError as QTrainError
from .gradients.statistics import GradientStats as GradientStats
from .gradients.variance import gradient_variance as gradient_variance
from .lie.dla import dla as dla
from .lie.result import DLAResult as DLAResult
from .lie.symmetrize import symmetrize as symmetrize
from .light_cones.light_cone import light_cone as light_cone
from .light_cones.light_cone import reduced_circuit as reduced_circuit
from .light_cones.result import LightCone as LightCone
from .qiskit_plugins.ansatz import TrainableAnsatz as TrainableAnsatz
from .qml.classifier import TrainableQNNClassifier as TrainableQNNClassifier
from .registry.registry import RegistryEntry as RegistryEntry
from .registry.registry import load as load
from .registry.registry import names as names
from .registry.registry import register as register
from .studies.propose.space import SearchSpace as SearchSpace
from .studies.result import SearchResult as SearchResult
from .studies.study import search as search

__version__: str
