// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>

#include "errand/exec.h"
#include "errand/job.h"

namespace errand {

namespace detail {

/// The untyped half of a growing job: one per opened job, thread-safe.
class TaskAppender {
 public:
  virtual ~TaskAppender() = default;
  virtual const JobRef& job() const = 0;
  virtual Result<std::uint64_t> append(std::string task_arguments) = 0;
  virtual Result<void> flush() = 0;
  virtual Result<void> close() = 0;
  virtual Result<void> cancel_task(std::uint64_t task) = 0;
  /// Hands at least one new durable outcome to `visitor`, and all that are there; false when the job is
  /// closed and every outcome was handed out, or the time is over.
  virtual Result<bool> next(OutcomeVisitor& visitor, std::optional<std::chrono::milliseconds> timeout) = 0;
};

[[nodiscard]] Result<std::unique_ptr<TaskAppender>> open_growing(const ComputeContext& context,
                                                                 const FunctionCall& call,
                                                                 const ExecOptions& options);
[[nodiscard]] Result<std::unique_ptr<TaskAppender>> reopen_growing(const JobRef& job);

}  // namespace detail

/// A job that takes tasks until it is closed: what executors and futures stand on. Tasks are made
/// durable in groups (within a millisecond, or by flush); outcomes are handed out as they come.
/// Thread-safe. Movable. Destroying it neither closes nor cancels the job: what was appended runs, and
/// the job can be taken up again by its id with reopen().
template <class R, class... P>
class GrowingJob {
 public:
  using ResultType = typename Function<R, P...>::ResultType;

  explicit GrowingJob(std::unique_ptr<detail::TaskAppender> appender) : appender_(std::move(appender)) {}

  /// The job, for every verb.
  [[nodiscard]] Job<ResultType> job() const { return Job<ResultType>(appender_->job()); }

  /// Adds a task and gives its index. The task may start at once; it is durable after the next group
  /// sync (flush() forces one). Errors: invalid_argument after close(), no_space, place_unwritable.
  [[nodiscard]] Result<std::uint64_t> append(const std::decay_t<P>&... arguments) {
    std::string encoded;
    detail::append_array_header(encoded, sizeof...(P));
    detail::StringStream stream{encoded};
    (msgpack::pack(stream, arguments), ...);
    return appender_->append(std::move(encoded));
  }

  /// Returns when every task appended so far would survive a power cut.
  [[nodiscard]] Result<void> flush() { return appender_->flush(); }

  /// No more tasks: the job can finish. Idempotent.
  [[nodiscard]] Result<void> close() { return appender_->close(); }

  /// Cancels one task that has not started. A task that runs or has ended goes its way (no error).
  [[nodiscard]] Result<void> cancel_task(std::uint64_t task) { return appender_->cancel_task(task); }

  /// The next outcomes not handed out yet, each once, durable; waits for at least one.
  /// Empty: the job is closed and all were handed out, or the timeout ran out.
  [[nodiscard]] Result<std::vector<TaskOutcome<ResultType>>> next(
      std::optional<std::chrono::milliseconds> timeout = {}) {
    detail::PartialDecoder<ResultType> decoder;
    Result<bool> more = appender_->next(decoder, timeout);
    if (!more) return std::move(more).error();
    return std::move(decoder.outcomes);
  }

 private:
  std::unique_ptr<detail::TaskAppender> appender_;
};

/// Opens a growing job of `function`; every argument is given per task, to append().
/// Errors: as exec.
template <class R, class... P>
[[nodiscard]] Result<GrowingJob<R, P...>> open_growing_job(const ComputeContext& context,
                                                           const Function<R, P...>& function,
                                                           const ExecOptions& options = {}) {
  detail::FunctionCall call;
  call.function = function.name();
  call.signature = detail::type_name(typeid(R(P...)));
  call.result_type = detail::type_name(typeid(typename Function<R, P...>::ResultType));
  detail::append_array_header(call.shared_arguments, sizeof...(P) + 1);
  detail::StringStream stream{call.shared_arguments};
  msgpack::pack(stream, sizeof...(P) == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << sizeof...(P)) - 1);
  for (std::size_t i = 0; i < sizeof...(P); ++i) msgpack::packer(stream).pack_nil();
  auto appender = detail::open_growing(context, call, options);
  if (!appender) return std::move(appender).error();
  return GrowingJob<R, P...>(*std::move(appender));
}

/// Takes up a growing job by its id, in any process of the same program: outcomes are handed out from
/// the first again. Only one process may append at a time. Errors: exists (another process holds it),
/// job_missing.
template <class R, class... P>
[[nodiscard]] Result<GrowingJob<R, P...>> reopen_growing_job(const JobRef& job, const Function<R, P...>&) {
  auto appender = detail::reopen_growing(job);
  if (!appender) return std::move(appender).error();
  return GrowingJob<R, P...>(*std::move(appender));
}

}  // namespace errand
