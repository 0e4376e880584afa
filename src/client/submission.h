// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "engine/engine.h"
#include "errand/exec.h"
#include "errand/language.h"
#include "share/job_directory.h"
#include "share/manifest.h"
#include "share/place.h"
#include "share/task_source.h"

namespace errand::client {

/// A submission under way. Until publish() it has left nothing behind in the place.
class Submission {
 public:
  /// Checks the context, opens the place (making it if need be) and fills the manifest with everything
  /// that does not depend on what runs. Errors: invalid_argument, place_unwritable, no_space,
  /// not_supported (no such engine).
  static Result<Submission> begin(const ComputeContext& context, const ExecOptions& options);

  /// The manifest alone; touches no place. Errors: invalid_argument.
  static Result<share::Manifest> plan(const ComputeContext& context, const ExecOptions& options);

  share::Manifest manifest;

  /// Asks the engine whether it could take the job. Not for jobs without tasks. Errors: the engine's.
  Result<void> prepare();
  /// Makes this program the one that runs the job. Errors: not_supported (init was not called),
  /// no_space, place_unwritable.
  Result<void> use_own_program();
  /// Publishes the job with this content of its `job` file, which stays open for appending.
  Result<std::unique_ptr<system::File>> publish(const std::string& content);
  /// The same with a content that `write` appends; it is called again if the program has to be brought first.
  Result<std::unique_ptr<system::File>> publish(const share::JobContent& write);
  /// Hands the published job to the engine and remembers it as this session's last. Errors: the engine
  /// refused it; then the job was removed again.
  Result<JobRef> hand_over();
  /// Settles a published job without tasks; no engine is asked.
  Result<JobRef> finish_empty();

  [[nodiscard]] const std::shared_ptr<share::Place>& place() const { return place_; }

 private:
  Submission() = default;
  Result<JobRef> remember() const;

  std::shared_ptr<share::Place> place_;
  engine::Engine* engine_ = nullptr;
};

/// Fills the manifest from the call and makes the head of the `job` file: everything but the tasks.
/// Errors: invalid_argument (a worker command that cannot be run), and those of use_own_program.
[[nodiscard]] Result<share::JobFileBuilder> describe(Submission& submission, const language::Call& call);

/// What exec's templates erased, as every language gives it.
[[nodiscard]] language::Call as_call(const detail::FunctionCall& call, std::uint64_t total);

/// Submits the call's tasks. Errors: see language::submit.
[[nodiscard]] Result<JobRef> submit(Submission& submission, const language::Call& call);

/// Waits for a job that was just submitted if its context says so. A signal that the program handles ends
/// the wait early; the job then goes on as if it had not been waited for.
[[nodiscard]] Result<JobRef> wait_if_asked(const Submission& submission, JobRef job);

/// How many tasks a call makes. Errors: invalid_argument (unequal lengths, times that no count can be).
[[nodiscard]] Result<std::uint64_t> count_tasks(const ExecOptions& options,
                                                std::optional<std::uint64_t> fanned_out,
                                                bool unequal_lengths);

}  // namespace errand::client
