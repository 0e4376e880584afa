// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "errand/error.h"
#include "share/progress_page.h"
#include "system/files.h"

namespace errand::worker {

/// The calling worker's progress page, filled in and shared; unmapped with the last copy of the pointer.
/// Errors: exists, no_space, place_unwritable.
[[nodiscard]] Result<std::shared_ptr<share::ProgressPage>> create_progress_page(system::Files& files,
                                                                                const std::string& path);

/// A page that its worker has made, by its absolute path. Errors: not_found (no page yet).
[[nodiscard]] Result<std::shared_ptr<share::ProgressPage>> map_progress_page(const std::string& path);

/// An existing file for appending, by its absolute path. Never creates one. Errors: not_found.
[[nodiscard]] Result<std::unique_ptr<system::File>> open_existing(const std::string& path);

}  // namespace errand::worker
