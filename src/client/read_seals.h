// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "share/place.h"
#include "share/seal.h"

namespace errand::client {

/// The seals of these jobs, in their order; empty for what is not sealed, and for ids that are `left_out`,
/// which may be asked by several threads. Leave out what is marked active: a retry marks its job active
/// before it voids the seal, so every other seal holds.
[[nodiscard]] std::vector<std::optional<share::Seal>> read_seals(
    const share::Place& place, const std::vector<std::string>& ids,
    const std::function<bool(const std::string&)>& left_out);

}  // namespace errand::client
