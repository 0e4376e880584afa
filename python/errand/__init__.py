# SPDX-License-Identifier: Apache-2.0
"""Submit functions as jobs, leave, come back for the results.

    >>> import errand
    >>> def square(x):
    ...     return x * x
    >>> job = errand.submit(square, fan_out={"x": [1, 2, 3]})
    >>> job.results()
    [1, 4, 9]

`rx_exec` and the other verbs of revoscalepy are here under their own names; docs/revoscalepy.md maps them.
Everything is imported when it is first used, so that `import errand` costs next to nothing.
"""
from typing import TYPE_CHECKING, Any, List

_HOMES = {
    "calls": ["submit", "send_module"],
    "exec_": ["rx_exec"],
    "job": ["Job", "JobInfo", "JobList", "RxRemoteJob"],
    "status": ["Progress", "RxRemoteJobStatus"],
    "verbs": [
        "rx_cancel_job", "rx_cleanup_jobs", "rx_get_job_info", "rx_get_job_output", "rx_get_job_results",
        "rx_get_job_status", "rx_get_jobs", "rx_retry_job", "rx_wait_for_job", "rxg_last_pending_job",
    ],
    "contexts": [
        "RxComputeContext", "RxLocalParallel", "RxLocalSeq", "rx_get_compute_context",
        "rx_set_compute_context",
    ],
    "cluster_contexts": [
        "GridEngineContext", "LsfContext", "RxGridEngine", "RxHpcServer", "RxLsfCluster", "RxSlurm", "SlurmContext",
    ],
    "database_context": ["InDatabase", "RxInSqlServer"],
    "data_sources": ["RxDataSource", "RxOdbcData", "RxSqlServerData"],
    "data_steps": ["rx_data_step", "rx_import"],
    "data_info": ["DataInfo", "VariableInfo", "rx_get_info", "rx_get_var_info"],
    "options": ["RxOptions"],
    "results": ["MessagePack", "ProgramResult", "Raw", "RxJobMessage"],
    "errors": [
        "ArgumentError", "DecodeError", "ErrandError", "ErrandWarning", "JobCanceled", "JobFailed", "JobMissing",
        "NotFinished", "TaskError", "WaitTimeout",
    ],
    "executor": ["Executor", "as_completed", "wait"],
    "random_streams": ["rng"],
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted([*_HOME_OF, "__version__"])

if TYPE_CHECKING:
    from .calls import send_module as send_module
    from .calls import submit as submit
    from .cluster_contexts import GridEngineContext as GridEngineContext
    from .cluster_contexts import LsfContext as LsfContext
    from .cluster_contexts import RxGridEngine as RxGridEngine
    from .cluster_contexts import RxHpcServer as RxHpcServer
    from .cluster_contexts import RxLsfCluster as RxLsfCluster
    from .cluster_contexts import RxSlurm as RxSlurm
    from .cluster_contexts import SlurmContext as SlurmContext
    from .contexts import RxComputeContext as RxComputeContext
    from .contexts import RxLocalParallel as RxLocalParallel
    from .contexts import RxLocalSeq as RxLocalSeq
    from .contexts import rx_get_compute_context as rx_get_compute_context
    from .contexts import rx_set_compute_context as rx_set_compute_context
    from .data_info import DataInfo as DataInfo
    from .data_info import VariableInfo as VariableInfo
    from .data_info import rx_get_info as rx_get_info
    from .data_info import rx_get_var_info as rx_get_var_info
    from .data_sources import RxDataSource as RxDataSource
    from .data_sources import RxOdbcData as RxOdbcData
    from .data_sources import RxSqlServerData as RxSqlServerData
    from .data_steps import rx_data_step as rx_data_step
    from .data_steps import rx_import as rx_import
    from .database_context import InDatabase as InDatabase
    from .database_context import RxInSqlServer as RxInSqlServer
    from .errors import ArgumentError as ArgumentError
    from .errors import DecodeError as DecodeError
    from .errors import ErrandError as ErrandError
    from .errors import ErrandWarning as ErrandWarning
    from .errors import JobCanceled as JobCanceled
    from .errors import JobFailed as JobFailed
    from .errors import JobMissing as JobMissing
    from .errors import NotFinished as NotFinished
    from .errors import TaskError as TaskError
    from .errors import WaitTimeout as WaitTimeout
    from .exec_ import rx_exec as rx_exec
    from .executor import Executor as Executor
    from .executor import as_completed as as_completed
    from .executor import wait as wait
    from .job import Job as Job
    from .job import JobInfo as JobInfo
    from .job import JobList as JobList
    from .job import RxRemoteJob as RxRemoteJob
    from .options import RxOptions as RxOptions
    from .random_streams import rng as rng
    from .results import MessagePack as MessagePack
    from .results import ProgramResult as ProgramResult
    from .results import Raw as Raw
    from .results import RxJobMessage as RxJobMessage
    from .status import Progress as Progress
    from .status import RxRemoteJobStatus as RxRemoteJobStatus
    from .verbs import rx_cancel_job as rx_cancel_job
    from .verbs import rx_cleanup_jobs as rx_cleanup_jobs
    from .verbs import rx_get_job_info as rx_get_job_info
    from .verbs import rx_get_job_output as rx_get_job_output
    from .verbs import rx_get_job_results as rx_get_job_results
    from .verbs import rx_get_job_status as rx_get_job_status
    from .verbs import rx_get_jobs as rx_get_jobs
    from .verbs import rx_retry_job as rx_retry_job
    from .verbs import rx_wait_for_job as rx_wait_for_job
    from .verbs import rxg_last_pending_job as rxg_last_pending_job

    __version__: str


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from ._native import core

        return core.version
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'errand' has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module("errand." + home), name)
    globals()[name] = value
    return value


def __dir__() -> List[str]:
    return __all__
