# SPDX-License-Identifier: Apache-2.0
"""revoscalepy's job functions, by errand.

Only what has to do with jobs, and the data they read in a database, is here; docs/revoscalepy.md says which function became what.
"""
from typing import Any

from errand import (RxComputeContext, RxDataSource, RxGridEngine, RxHpcServer, RxInSqlServer, RxLocalParallel,
                    RxLocalSeq, RxLsfCluster, RxOdbcData, RxOptions, RxRemoteJob, RxRemoteJobStatus, RxSlurm,
                    RxSqlServerData, rx_cancel_job, rx_cleanup_jobs, rx_data_step, rx_exec, rx_get_compute_context,
                    rx_get_info, rx_get_job_info, rx_get_job_output, rx_get_job_results, rx_get_job_status,
                    rx_get_jobs, rx_get_var_info, rx_import, rx_set_compute_context, rx_wait_for_job,
                    rxg_last_pending_job)

__all__ = [
    "RxComputeContext", "RxDataSource", "RxGridEngine", "RxHpcServer", "RxInSqlServer", "RxLocalParallel",
    "RxLocalSeq", "RxLsfCluster", "RxOdbcData", "RxOptions", "RxRemoteJob", "RxRemoteJobStatus", "RxSlurm",
    "RxSqlServerData", "rx_cancel_job", "rx_cleanup_jobs", "rx_data_step", "rx_exec", "rx_get_compute_context",
    "rx_get_info", "rx_get_job_info", "rx_get_job_output", "rx_get_job_results", "rx_get_job_status", "rx_get_jobs",
    "rx_get_var_info", "rx_import", "rx_set_compute_context", "rx_wait_for_job", "rxg_last_pending_job",
]


def __getattr__(name: str) -> Any:
    if name.startswith(("rx_", "Rx", "rxg_")):
        raise AttributeError(f"revoscalepy's {name} has nothing to do with jobs and errand does not have it; "
                             "docs/revoscalepy.md lists what there is")
    raise AttributeError(f"module 'revoscalepy' has no attribute {name!r}")
