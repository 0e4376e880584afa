// SPDX-License-Identifier: Apache-2.0
#include "journal/hash.h"

#include <array>
#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace errand::journal {
namespace {

constexpr std::size_t hashed_header = 16;
// Short records are hashed in one go from a copy: setting up the streaming state costs more than that.
constexpr std::size_t short_record = 240;

}  // namespace

std::uint64_t hash_bytes(std::span<const std::byte> bytes) noexcept {
  return XXH3_64bits(bytes.data(), bytes.size());
}

std::uint64_t hash_record(const void* header, std::span<const std::byte> body) noexcept {
  if (body.size() <= short_record - hashed_header) {
    std::array<std::byte, short_record> whole;
    std::memcpy(whole.data(), header, hashed_header);
    if (!body.empty()) std::memcpy(whole.data() + hashed_header, body.data(), body.size());
    return XXH3_64bits(whole.data(), hashed_header + body.size());
  }
  XXH3_state_t state;
  XXH3_INITSTATE(&state);
  XXH3_64bits_reset(&state);
  XXH3_64bits_update(&state, header, hashed_header);
  XXH3_64bits_update(&state, body.data(), body.size());
  return XXH3_64bits_digest(&state);
}

struct RunningHash::State {
  XXH3_state_t xxh;
};

RunningHash::RunningHash() : state_(std::make_unique<State>()) {
  reset();
}
RunningHash::~RunningHash() = default;
RunningHash::RunningHash(RunningHash&&) noexcept = default;
RunningHash& RunningHash::operator=(RunningHash&&) noexcept = default;

void RunningHash::reset() noexcept {
  XXH3_64bits_reset(&state_->xxh);
}

void RunningHash::add(std::span<const std::byte> bytes) noexcept {
  if (!bytes.empty()) XXH3_64bits_update(&state_->xxh, bytes.data(), bytes.size());
}

std::uint64_t RunningHash::value() const noexcept {
  return XXH3_64bits_digest(&state_->xxh);
}

}  // namespace errand::journal
