// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "engine/engine.h"
#include "share/job_directory.h"
#include "share/manifest.h"

namespace errand::client {

/// A request of this user, now.
[[nodiscard]] share::Request make_request(const share::JobDirectory& job, share::Request::Kind kind);

/// The engine of the job. Errors: not_supported, and those of reading the manifest.
[[nodiscard]] Result<engine::Engine*> engine_of(share::JobDirectory& job);

}  // namespace errand::client
