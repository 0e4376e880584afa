// SPDX-License-Identifier: Apache-2.0
#include "errand/random.h"

#include <Random123/philox.h>
#include <sys/random.h>

#include <random>

#include "errand/exec.h"
#include "function/task_state.h"

namespace errand {
namespace {

std::array<std::uint32_t, 4> philox(std::uint64_t seed, std::uint64_t high, std::uint64_t low) noexcept {
  r123::Philox4x32::ctr_type counter = {
      {static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(low >> 32U),
       static_cast<std::uint32_t>(high), static_cast<std::uint32_t>(high >> 32U)}};
  r123::Philox4x32::key_type key = {
      {static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32U)}};
  auto words = r123::Philox4x32()(counter, key);
  return {words[0], words[1], words[2], words[3]};
}

/// This thread's generator outside tasks.
std::optional<Random>& own_random() noexcept {
  thread_local std::optional<Random> random;
  return random;
}

}  // namespace

void Random::refill() noexcept {
  block_ = philox(seed_, stream_, counter_++);
  used_ = 0;
}

Random& rng() {
  functions::TaskState& state = functions::task_state();
  std::optional<Random>& random = state.running ? state.random : own_random();
  if (!random) {
    random.emplace(state.running && state.seed ? *state.seed : detail::random_seed(), state.task.index);
  }
  return *random;
}

std::uint64_t program_seed(std::uint64_t seed, std::uint64_t task) noexcept {
  auto words = philox(seed, task, 0);
  return ((static_cast<std::uint64_t>(words[1]) << 32U) | words[0]) & ~(std::uint64_t{1} << 63U);
}

std::uint64_t detail::random_seed() {
  std::uint64_t seed = 0;
  if (getrandom(&seed, sizeof seed, 0) == sizeof seed) return seed;
  std::random_device device;
  return (static_cast<std::uint64_t>(device()) << 32U) | device();
}

void functions::forget_random() noexcept {
  own_random().reset();
}

}  // namespace errand
