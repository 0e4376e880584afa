// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "errand/error.h"
#include "launchpad/depot.h"

namespace errand::launchpad {

/// Pieces on their way into the database, in the order in which they are added: one that is added later is
/// never there before one that was added earlier.
class Shipment {
 public:
  /// Of one row: what PostgreSQL stores and fetches fastest lies between 256 KiB and 1 MiB.
  static constexpr std::size_t piece_limit = std::size_t{512} << 10;
  /// Of one statement.
  static constexpr std::size_t batch_bytes = std::size_t{4} << 20;
  static constexpr std::size_t batch_pieces = 8;

  Shipment(Depot& depot, const JobKey& job) : depot_(depot), job_(job) {}
  /// Of no bytes: the file is there and empty. Errors: job_missing (the job was removed, or is another
  /// launchpad's); the depot's.
  Result<void> add(const std::string& file, std::uint64_t start, std::string_view bytes);
  Result<void> finish();
  /// The job is settled with what is added so far. False: it has been rung since that version; it stays ours.
  Result<bool> finish_and_release(const std::string& version);

 private:
  [[nodiscard]] Error not_ours() const;

  Depot& depot_;
  const JobKey& job_;
  std::vector<Piece> pieces_;
  std::size_t waiting_ = 0;
};

}  // namespace errand::launchpad
