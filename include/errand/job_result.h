// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "errand/buffer.h"
#include "errand/error.h"

namespace errand {

/// Why a task has no value. The numbers are on disk and never reused.
enum class FailureCause : std::uint16_t {
  none = 0,           ///< it has a value
  user_error = 1,     ///< the function threw, or the program ended with a non-zero code or a signal
  given_up = 2,       ///< started as often as allowed and lost to the machine each time
  time_limit = 3,     ///< ran longer than the context's task_time_limit
  memory_limit = 4,   ///< asked for more memory than the context's task_memory_limit
  not_startable = 5,  ///< working directory, function or program not to be had at the worker
  canceled = 6,       ///< this one task was canceled before it started
};

[[nodiscard]] std::string_view to_string(FailureCause cause) noexcept;

/// What stands at the place of a task without a value.
struct TaskFailure {
  std::uint64_t task = 0;  ///< 0-based index
  FailureCause cause = FailureCause::user_error;
  std::string type;       ///< the exception's type, "exit", "signal"
  std::string message;    ///< one line for people
  std::string traceback;  ///< where it came from, if the language can tell; may be empty
  std::uint32_t attempt = 0;
  Codec native_codec = Codec::none;  ///< the language's own error object beside the text, if any
  Buffer native;
};

/// The end of one program of an `errand exec` job.
struct ProgramResult {
  int exit_code = 0;  ///< 0..255; meaningless if signal != 0
  int signal = 0;     ///< the signal that ended it, or 0
};

/// A function's result when it returns void.
using Nothing = std::monostate;

/// One entry per task, in task order: a value of R, or a TaskFailure.
template <class R>
class JobResults {
 public:
  /// `failures` sorted by task; values[i] is default-made where task i failed.
  JobResults(std::vector<R> values, std::vector<TaskFailure> failures)
      : values_(std::move(values)), failures_(std::move(failures)) {}

  [[nodiscard]] std::size_t size() const noexcept { return values_.size(); }
  [[nodiscard]] bool empty() const noexcept { return values_.empty(); }
  /// True if every task has a value.
  [[nodiscard]] bool all_succeeded() const noexcept { return failures_.empty(); }
  [[nodiscard]] bool succeeded(std::size_t task) const { return failure(task) == nullptr; }

  /// Task's value; R{} where it failed (ask succeeded() or failure()). Requires task < size().
  [[nodiscard]] typename std::vector<R>::const_reference operator[](std::size_t task) const {
    return values_[task];
  }
  /// Task's failure, or nullptr. O(log failures).
  [[nodiscard]] const TaskFailure* failure(std::size_t task) const {
    auto at = std::lower_bound(failures_.begin(), failures_.end(), task,
                               [](const TaskFailure& f, std::size_t t) { return f.task < t; });
    return at != failures_.end() && at->task == task ? &*at : nullptr;
  }
  [[nodiscard]] const std::vector<TaskFailure>& failures() const noexcept { return failures_; }
  [[nodiscard]] const std::vector<R>& values() const& noexcept { return values_; }
  [[nodiscard]] std::vector<R>&& values() && noexcept { return std::move(values_); }
  [[nodiscard]] auto begin() const noexcept { return values_.begin(); }
  [[nodiscard]] auto end() const noexcept { return values_.end(); }

  /// One sentence when tasks failed (how many, the first, that retry exists), and when the artifacts
  /// were kept although auto_cleanup was asked; else empty.
  std::string warning;

 private:
  std::vector<R> values_;
  std::vector<TaskFailure> failures_;
};

/// One task's outcome, as partial results and growing jobs hand them out.
template <class R>
struct TaskOutcome {
  std::uint64_t task = 0;
  std::uint32_t attempt = 0;
  std::variant<R, TaskFailure> outcome;

  [[nodiscard]] bool succeeded() const noexcept { return outcome.index() == 0; }
  [[nodiscard]] const R& value() const { return std::get<0>(outcome); }
  [[nodiscard]] const TaskFailure& failure() const { return std::get<1>(outcome); }
};

/// A value as it lies in the job directory.
struct EncodedValue {
  Codec codec = Codec::none;
  Buffer bytes;                      ///< the first buffer
  std::vector<Buffer> further = {};  ///< out-of-band buffers behind it, each at a multiple of 64 bytes
};

/// One outcome, undecoded: what front ends in other languages build on.
using EncodedOutcome = TaskOutcome<EncodedValue>;

}  // namespace errand
