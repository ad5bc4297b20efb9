from .proposals import check_move as check_move
from .proposals import check_pool as check_pool
from .proposals import check_sampler as check_sampler
from .proposals import check_start as check_start
from .searches import check_objective as check_objective
from .searches import check_task as check_task
from .topologies import check_topology as check_topology
