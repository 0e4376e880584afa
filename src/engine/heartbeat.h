// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "share/job_directory.h"
#include "system/processes.h"

namespace errand::engine {

/// Is the worker of this page alive? In this process's own world its process is looked for; elsewhere its
/// page's file is touched by its supervisor: ages by the file server's times as this host sees them, with
/// half a minute of room for clocks that disagree.
[[nodiscard]] bool is_alive(share::JobDirectory& job, const share::WorkerKey& key,
                            const share::WorkerProgress& progress, const system::ProcessId& self);

}  // namespace errand::engine
