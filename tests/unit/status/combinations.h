// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <vector>

#include "status/evidence.h"

/// Every combination of evidence and report that can occur, with counts of up to two tasks.
namespace errand::status {

using Visit = std::function<void(const Evidence&, const EngineReport&)>;

/// Calls `visit` for each of them; gives how many there were.
std::size_t for_every_combination(const Visit& visit);

/// A line that names what is not at its default, for a failing test.
std::string describe(const Evidence& evidence, const EngineReport& engine);

}  // namespace errand::status
