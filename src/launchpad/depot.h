// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "errand/error.h"

namespace errand::launchpad {

/// A job of the database: its owner's role and its id.
struct JobKey {
  std::string owner;
  std::string id;
  auto operator<=>(const JobKey&) const = default;
};

/// Some bytes of a file and where in it they begin.
struct Piece {
  std::string file;
  std::uint64_t start = 0;
  std::string bytes;
};

[[nodiscard]] inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}

/// What the database holds of a job that is ours.
struct Listing {
  std::string version;  ///< of the directory's row: differs after every ring
  std::map<std::string, std::uint64_t> sizes;
};

/// The database's side of the mirror. A lost session is an error with `transient`; what the call did is in
/// doubt then. Not thread-safe.
class Depot {
 public:
  virtual ~Depot() = default;
  /// Nothing: the job was removed, or is another launchpad's by now.
  virtual Result<std::optional<Listing>> look(const JobKey& job) = 0;
  /// Up to `length` bytes of a file of the owner's directory; fewer at its end, none if there is no such
  /// file.
  virtual Result<std::string> read(const std::string& owner, const std::string& directory,
                                   const std::string& file, std::uint64_t start, std::uint64_t length) = 0;
  /// Stores all of it or nothing, and tells waiters. A piece that begins where one is replaces it. False: the
  /// job was removed, or is another launchpad's; nothing was stored.
  virtual Result<bool> store(const JobKey& job, std::span<const Piece> pieces) = 0;
  /// The same of the last pieces there are, and release() in the same breath.
  struct Farewell {
    bool stored = false;
    bool released = false;
  };
  virtual Result<Farewell> store_last(const JobKey& job, std::span<const Piece> pieces,
                                      const std::string& version) = 0;
  virtual Result<void> remove(const JobKey& job, const std::string& file) = 0;
  /// Removes the blocks that lie within [begin, end): they read as zeros.
  virtual Result<void> punch(const JobKey& job, const std::string& file, std::uint64_t begin,
                             std::uint64_t end) = 0;
  /// The job is settled and nobody's. False: it has been rung since that version; it stays ours.
  virtual Result<bool> release(const JobKey& job, const std::string& version) = 0;
};

}  // namespace errand::launchpad
