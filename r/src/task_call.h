// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "r_api.h"
#include "random_stream.h"

namespace errand::r {

/// The call that a job's tasks evaluate: made once by worker_prepare(), then only its differing arguments
/// change from task to task.
class TaskCall {
 public:
  TaskCall() = default;
  /// From worker_prepare()'s list. Throws nothing, may not jump: it only looks.
  explicit TaskCall(SEXP prepared);

  /// Sets the task's random stream and arguments and evaluates. May jump.
  [[nodiscard]] SEXP evaluate(std::uint64_t task, std::span<const std::byte> arguments) const;

 private:
  void set_stream(std::uint64_t task) const;
  [[nodiscard]] SEXP next_argument(std::span<const std::byte>& arguments) const;
  [[nodiscard]] SEXP spread_call(std::span<const std::byte>& arguments) const;

  Kept prepared_;
  SEXP call_ = nullptr;
  SEXP environment_ = nullptr;
  std::vector<SEXP> cells_;  ///< of the call, where a task's own arguments go
  bool spread_ = false;      ///< the first own argument is a list of arguments
  bool quote_ = false;
  int random_kind_ = 0;
  StreamState seed_{};
  bool has_seed_ = false;
};

}  // namespace errand::r
