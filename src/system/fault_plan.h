// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "errand/error.h"

namespace errand::system {

/// What of a tree in memory can be made to fail. read_all counts as read.
enum class Operation : std::uint8_t {
  any,
  open_read,
  create,
  open_append,
  read,
  append,
  sync,
  info,
  share_memory,
  punch_hole,
  lock,
  make_directory,
  list,
  rename,
  link,
  remove,
  remove_tree,
  sync_directory,
  watch,
  import_file,
};
inline constexpr std::size_t operation_count = static_cast<std::size_t>(Operation::import_file) + 1;

/// Which operations of one process fail, and how. Not thread-safe beside the operations themselves: plan
/// first, then run.
class FaultPlan {
 public:
  enum class Manner : std::uint8_t {
    instead,    ///< nothing is done
    half,       ///< append: half of the bytes are written first; others as `instead`
    afterwards  ///< it is done, and reported as failed: a lost answer of a file server
  };

  /// The k-th operation of that kind from now on, counted from 1.
  void fail(Operation kind, std::uint64_t k, Error error, Manner manner = Manner::instead);
  /// The k-th and all later ones, until clear().
  void fail_from(Operation kind, std::uint64_t k, Error error, Manner manner = Manner::instead);
  void clear() { faults_.clear(); }
  /// Operations of that kind so far.
  [[nodiscard]] std::uint64_t count(Operation kind) const { return counts_[index_of(kind)]; }

  struct Fault {
    Error error;
    Manner manner = Manner::instead;
  };
  /// Counts one operation and says whether it fails. For the twin only.
  std::optional<Fault> next(Operation kind);

 private:
  struct Planned {
    Operation kind;
    std::uint64_t first;
    std::uint64_t last;
    Fault fault;
  };
  static std::size_t index_of(Operation kind) { return static_cast<std::size_t>(kind); }
  void plan(Operation kind, std::uint64_t first, std::uint64_t last, Error error, Manner manner);

  std::vector<Planned> faults_;
  std::array<std::uint64_t, operation_count> counts_{};
};

/// The usual errors, as the operating system's implementation gives them.
[[nodiscard]] Error no_space_fault();
[[nodiscard]] Error io_fault();
[[nodiscard]] Error unwritable_fault();

}  // namespace errand::system
