// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

/// XXH3-64 with seed 0: the checksum of records and of stored buffers. It finds accidents, not forgery.
namespace errand::journal {

[[nodiscard]] std::uint64_t hash_bytes(std::span<const std::byte> bytes) noexcept;

/// XXH3-64 of a record: the first 16 bytes of its header, then its body.
[[nodiscard]] std::uint64_t hash_record(const void* header, std::span<const std::byte> body) noexcept;

/// The same hash over bytes that come piece by piece. Reusable: reset() begins anew.
class RunningHash {
 public:
  RunningHash();
  ~RunningHash();
  RunningHash(RunningHash&&) noexcept;
  RunningHash& operator=(RunningHash&&) noexcept;

  void reset() noexcept;
  void add(std::span<const std::byte> bytes) noexcept;
  [[nodiscard]] std::uint64_t value() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace errand::journal
