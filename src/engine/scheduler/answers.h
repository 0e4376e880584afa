// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "engine/scheduler/command.h"
#include "errand/error.h"
#include "system/files.h"

namespace errand::engine::scheduler {

/// How old an answer of the scheduler may be before it is asked again, by whomever of this user.
inline constexpr std::chrono::milliseconds answer_pace{5'000};
/// The same while somebody waits for a cancel.
inline constexpr std::chrono::milliseconds cancel_pace{1'000};
/// How long a question may take before the scheduler counts as silent.
inline constexpr std::chrono::milliseconds query_patience{10'000};

/// A question to a scheduler as all processes of this user share it: whoever finds the last answer too old
/// asks, the others take what it gets. Kept in scheduler/ of the user's state directory, one file a
/// question:
///
///     "errand answers 1" calls asked_ns exit_code length_of_out length_of_err \n out err
///
/// exit_code -1: there was no answer, err says why. Thread-safe; the file is a cache and may be removed at
/// any time.
class Answers {
 public:
  struct Given {
    Answer answer;
    bool silent = false;        ///< it could not be asked; answer.err says why
    std::int64_t asked_ns = 0;  ///< when the question was put, UTC
    std::uint64_t calls = 0;    ///< how often it was ever put, by anybody
  };

  /// `name`: the file's. Errors: place_unwritable (the state directory).
  static Result<Answers> open(const std::string& name);
  Answers(std::shared_ptr<system::Files> files, std::string name)
      : files_(std::move(files)), name_(std::move(name)) {}

  /// An answer put at or after `not_before_ns`; asks with `ask` if the last one is older, or of a host whose
  /// clock is ahead. While another process asks, its answer is waited for, at most `patience`. Locks that do
  /// not work cost further questions, and nothing else.
  Given get(std::int64_t not_before_ns, std::chrono::milliseconds patience,
            const std::function<Result<Answer>()>& ask);
  /// The last answer, whoever asked, however old; silent if there is none.
  [[nodiscard]] Given last() const { return read(); }
  void forget();

 private:
  [[nodiscard]] Given read() const;
  Given ask_now(const Given& last, const std::function<Result<Answer>()>& ask);

  std::shared_ptr<system::Files> files_;
  std::string name_;
};

}  // namespace errand::engine::scheduler
