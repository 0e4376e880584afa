// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

/// Streams of L'Ecuyer's MRG32k3a as R's parallel::nextRNGStream makes them: stream i begins 2^127 * i
/// steps after the seed. Reached by powers of the step matrix, so stream ten million costs no more than
/// stream one.
namespace errand::r {

/// The six numbers behind the kind in .Random.seed.
using StreamState = std::array<std::uint32_t, 6>;

/// `index` applications of nextRNGStream to `seed`.
[[nodiscard]] StreamState stream_state(const StreamState& seed, std::uint64_t index) noexcept;

}  // namespace errand::r
