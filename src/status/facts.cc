// SPDX-License-Identifier: Apache-2.0
#include "status/facts.h"

#include <algorithm>
#include <limits>

namespace errand::status {
namespace {

std::uint64_t add(std::uint64_t a, std::uint64_t b) {
  return a > std::numeric_limits<std::uint64_t>::max() - b ? std::numeric_limits<std::uint64_t>::max()
                                                           : a + b;
}

Progress settled_part(const Evidence& evidence, std::uint64_t failures) {
  Progress progress;
  progress.total = evidence.total;
  progress.succeeded = std::min(evidence.values, evidence.total);
  progress.failed = std::min(failures, evidence.total - progress.succeeded);
  return progress;
}

Progress with_the_rest(Progress progress, std::uint64_t running) {
  const std::uint64_t rest = progress.total - progress.succeeded - progress.failed;
  progress.running = std::min(running, rest);
  progress.waiting = rest - progress.running;
  return progress;
}

}  // namespace

Facts work_out(const Evidence& evidence, const EngineReport& engine) {
  Facts facts;
  facts.failures = add(evidence.errors, evidence.given_up);
  facts.outcomes = add(evidence.values, facts.failures);
  facts.caught_up = facts.outcomes == evidence.total && evidence.to_run_again == 0;
  facts.ended = evidence.closed && facts.caught_up && evidence.durable >= evidence.total;
  // A live worker that the place shows counts even if its engine did not name it.
  facts.alive = engine.alive > 0 || evidence.running_tasks > 0;
  facts.waiting = engine.waiting > 0;
  facts.submitting =
      !evidence.engine_id_recorded && (evidence.submitter_alive || evidence.age_ns < submit_patience_ns);
  facts.started = engine.started || facts.alive || evidence.worker_log_exists || facts.outcomes > 0;
  facts.silent =
      engine.silent || (!evidence.engine_id_recorded && engine.search == EngineReport::Search::silent);
  facts.all_gone = engine.gone > 0 && engine.ended_recently == 0 && engine.forgotten == 0 && !facts.alive &&
                   !facts.waiting && !facts.silent;
  facts.still = settled_part(evidence, facts.failures);
  facts.live = with_the_rest(facts.still, evidence.running_tasks);
  return facts;
}

}  // namespace errand::status
