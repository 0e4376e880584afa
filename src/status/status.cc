// SPDX-License-Identifier: Apache-2.0
#include "status/status.h"

#include <optional>
#include <utility>

#include "status/facts.h"
#include "status/reason.h"

namespace errand::status {
namespace {

StatusReport say(JobStatus status, const std::string& why, const Progress& progress) {
  return {status, std::string(to_string(status)) + ": " + why, progress};
}

/// Rules 4 and 5: every task has a counting, durable outcome and none is to be run again.
StatusReport ended(const Evidence& evidence, const Facts& facts) {
  const bool something_to_read = evidence.values > 0 || evidence.total == 0;
  const bool as_asked = facts.failures == 0 || evidence.continue_on_failure;
  if (something_to_read && as_asked) {
    return say(JobStatus::finished, reason::finished(evidence, facts), facts.still);
  }
  return say(JobStatus::failed, reason::failed(evidence, facts), facts.still);
}

/// Rules 6 and 7. A submission that may still reach the engine is something that waits.
StatusReport cancel_asked(const EngineReport& engine, const Facts& facts) {
  if (!facts.alive && !facts.waiting && !facts.submitting && !facts.silent) {
    return say(JobStatus::canceled, reason::canceled(facts), facts.still);
  }
  return say(JobStatus::running, reason::being_canceled(engine, facts), facts.live);
}

/// Rule 8; nothing: the engine has it, or had it, and the later rules decide.
std::optional<StatusReport> without_engine_id(const Evidence& evidence, const EngineReport& engine,
                                              const Facts& facts) {
  if (facts.submitting) return say(JobStatus::queued, "being submitted", facts.live);
  switch (engine.search) {
    case EngineReport::Search::found:
      return std::nullopt;
    case EngineReport::Search::not_there:
      if (evidence.worker_log_exists) return std::nullopt;
      return say(JobStatus::failed, reason::never_accepted(engine), facts.still);
    case EngineReport::Search::silent:
    case EngineReport::Search::not_asked:
      break;
  }
  return say(JobStatus::undetermined, reason::undetermined(engine, facts), facts.live);
}

/// Rules 9 and 10; nothing: the engine has nothing alive and nothing in its queue.
std::optional<StatusReport> under_way(const Evidence& evidence, const EngineReport& engine,
                                      const Facts& facts) {
  // What was put back into the queue and cannot leave it by itself is queued, though it had started.
  const bool will_go_on = facts.waiting && facts.started && engine.blocked.empty();
  if (facts.alive || will_go_on || engine.ended_recently > 0) {
    return say(JobStatus::running, reason::running(evidence, engine, facts), facts.live);
  }
  if (facts.waiting) return say(JobStatus::queued, reason::queued(engine), facts.live);
  return std::nullopt;
}

/// A growing job that has done all it was given has not ended: its owner may come back with more.
StatusReport idle_but_open(const Facts& facts) {
  const JobStatus status = facts.started ? JobStatus::running : JobStatus::queued;
  return say(status, reason::waiting_for_tasks(facts), facts.live);
}

}  // namespace

StatusReport compute_status(const Evidence& evidence, const EngineReport& engine) {
  if (!evidence.place_readable) return say(JobStatus::undetermined, reason::unreadable(evidence), {});  // 1
  if (!evidence.exists) return say(JobStatus::missing, reason::missing(evidence), {});                  // 2
  const Facts facts = work_out(evidence, engine);
  if (evidence.verdict_canceled) return say(JobStatus::canceled, reason::canceled(facts), facts.still);  // 3
  if (facts.ended) return ended(evidence, facts);                     // 4, 5
  if (evidence.cancel_requested) return cancel_asked(engine, facts);  // 6, 7
  if (!evidence.engine_id_recorded) {                                 // 8
    if (auto report = without_engine_id(evidence, engine, facts)) return *std::move(report);
  }
  if (auto report = under_way(evidence, engine, facts)) return *std::move(report);  // 9, 10
  if (!evidence.continue_on_failure && evidence.errors > 0) {                       // 11
    return say(JobStatus::failed, reason::failed(evidence, facts), facts.still);
  }
  if (facts.caught_up && !evidence.closed) return idle_but_open(facts);
  if (facts.all_gone) return say(JobStatus::failed, reason::all_gone(engine, facts), facts.still);  // 12
  return say(JobStatus::undetermined, reason::undetermined(engine, facts), facts.live);             // 13
}

}  // namespace errand::status
