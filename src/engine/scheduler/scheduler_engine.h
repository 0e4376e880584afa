// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/scheduler/answers.h"
#include "engine/scheduler/array_plan.h"
#include "engine/scheduler/dialect.h"
#include "engine/scheduler/queue_report.h"
#include "engine/scheduler/sightings.h"

namespace errand::engine::scheduler {

/// How long a submission may take; it is doubtful afterwards.
inline constexpr std::chrono::milliseconds submit_command_patience{60'000};
/// How late a file of another host may show on a network file system: NFS keeps what it knows of a directory
/// for up to 60 s by default (acdirmax), so that long a new name may stay unseen; and it has to get to the
/// server first. (A file whose name is known is looked at afresh whenever it is opened.)
inline constexpr std::chrono::milliseconds network_visibility{65'000};

/// An engine over a batch scheduler: one array a job, our id as its name, one question for all jobs.
/// What is left behind when a call fails:
///   submit: the job directory, with submission.<n> and, if the scheduler answered, accepted.<n>. After
///           engine_refused the scheduler has nothing; after any other error it may have the array, and
///           query finds it by its name.
///   query:  nothing; writes only the shared answers.
///   attend: the request; scancel and its like are asked again with the next call.
class SchedulerEngine final : public Engine {
 public:
  explicit SchedulerEngine(const Dialect& dialect) : dialect_(dialect) {}

  [[nodiscard]] const Capabilities& capabilities() const override { return capabilities_; }
  [[nodiscard]] std::vector<std::string> options() const override { return known_options(dialect_); }
  Result<void> prepare(share::Place& place, const ComputeContext& context) override;
  Result<SubmissionPreview> preview(const std::string& share_dir, const share::Manifest& manifest,
                                    std::uint64_t tasks) override;
  Result<void> submit(share::Place& place, const std::string& id) override;
  std::vector<status::EngineReport> query(share::Place& place,
                                          std::span<share::JobDirectory* const> jobs) override;
  bool empty_trash(share::Place& place) override;
  Result<std::string> attend(share::Place& place, share::JobDirectory& job) override;

 private:
  QueueSnapshot snapshot(std::int64_t not_before_ns);
  /// What the queue no longer shows of these. False: nobody can tell.
  bool add_history(QueueSnapshot& queue, const std::vector<std::string>& names);
  Answers::Given ask(const std::string& what, std::int64_t not_before_ns,
                     const std::function<Result<Answer>()>& put);
  [[nodiscard]] Result<Answer> ask_queue() const;
  Result<SiteLimits> site_limits();
  Result<std::string> hand_to_scheduler(share::JobDirectory& job, const share::SubmissionRecord& record,
                                        std::uint32_t number);
  Result<share::SubmissionRecord> plan_submission(share::JobDirectory& job);

  const Dialect& dialect_;
  Sightings sightings_;
  const Capabilities capabilities_{.runs_on_submit_host = false,
                                   .pins_nodes = false,
                                   .per_task_limits = true,
                                   .visibility_delay = network_visibility,
                                   .patience = query_patience};
};

}  // namespace errand::engine::scheduler
