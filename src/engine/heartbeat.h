// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include "share/job_directory.h"
#include "system/processes.h"

namespace errand::engine {

/// Is the worker of this page alive? In this process's own world its process is looked for; elsewhere its
/// page's file is touched by its supervisor every ten seconds. Ages are the file server's
/// (Place::file_time_ns): clocks of two hosts are never compared.
[[nodiscard]] bool is_alive(share::JobDirectory& job, const share::WorkerKey& key,
                            const share::WorkerProgress& progress, const system::ProcessId& self);

/// Where files show late, up to `visibility_ns`: has this worker written so lately that there may be more of
/// it than what is visible here?
[[nodiscard]] bool may_have_more(share::JobDirectory& job, const share::WorkerKey& key,
                                 std::int64_t visibility_ns);

}  // namespace errand::engine
