// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <limits>

namespace errand {

/// Philox4x32-10 (Salmon et al., SC'11): a counter-based generator. Key = the 64 bits of the seed; the
/// counter's high 64 bits = the stream (a task's index), its low 64 bits count blocks of four words.
/// Meets UniformRandomBitGenerator, so the standard distributions take it. Not synchronised.
class Random {
 public:
  using result_type = std::uint32_t;

  Random(std::uint64_t seed, std::uint64_t stream) noexcept : seed_(seed), stream_(stream) {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  result_type operator()() noexcept {
    if (used_ == block_.size()) {
      refill();
    }
    return block_[used_++];
  }
  /// Uniform in [0, 1) with 53 random bits.
  double uniform() noexcept {
    std::uint64_t high = (*this)() >> 5U;
    std::uint64_t low = (*this)() >> 6U;
    return static_cast<double>((high << 26U) | low) * 0x1p-53;
  }

 private:
  void refill() noexcept;

  std::uint64_t seed_;
  std::uint64_t stream_;
  std::uint64_t counter_ = 0;
  std::array<std::uint32_t, 4> block_{};
  std::size_t used_ = 4;
};

/// Inside a task: its own stream, from (the job's seed, the task's index): the same draws whatever
/// workers, chunks or retries. Without a seed every task draws from the operating system's entropy.
/// Outside a task: a generator seeded from the operating system, one per thread.
[[nodiscard]] Random& rng();

/// The number that `{seed}` stands for in a program's arguments: the first 63 bits of the stream
/// (word 0 in the low half, word 1 in the high half, top bit cleared).
[[nodiscard]] std::uint64_t program_seed(std::uint64_t seed, std::uint64_t task) noexcept;

}  // namespace errand
