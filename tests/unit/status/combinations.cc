// SPDX-License-Identifier: Apache-2.0
#include "unit/status/combinations.h"

#include <fmt/format.h>

#include <algorithm>

namespace errand::status {
namespace {

using Search = EngineReport::Search;

constexpr std::uint64_t most_tasks = 2;

/// All ways to divide up to two tasks among the outcomes, those in hand, those to be run again and the rest.
std::vector<Evidence> task_counts() {
  std::vector<Evidence> all;
  for (std::uint64_t code = 0; code < 3 * 3 * 3 * 3 * 3 * 3; ++code) {
    Evidence e;
    std::uint64_t digits = code;
    for (std::uint64_t* count : {&e.total, &e.values, &e.errors, &e.given_up, &e.to_run_again, &e.durable}) {
      *count = digits % (most_tasks + 1);
      digits /= most_tasks + 1;
    }
    const std::uint64_t outcomes = e.values + e.errors + e.given_up;
    if (outcomes + e.to_run_again > e.total || e.durable > outcomes) continue;
    if (e.errors + e.given_up > 0) e.first_failure = FirstFailure{0, "bad input"};
    all.push_back(e);
  }
  return all;
}

std::vector<Evidence> with_switches(const Evidence& base) {
  std::vector<Evidence> all;
  for (unsigned bits = 0; bits < 32; ++bits) {
    Evidence e = base;
    e.verdict_canceled = (bits & 1U) != 0;
    e.cancel_requested = (bits & 2U) != 0;
    e.closed = (bits & 4U) == 0;
    e.continue_on_failure = (bits & 8U) == 0;
    e.worker_log_exists = (bits & 16U) != 0;
    const bool worked = e.values + e.errors + e.given_up > 0;
    const bool answered = e.verdict_canceled && e.cancel_requested;
    if ((worked && !e.worker_log_exists) || answered) continue;
    all.push_back(e);
  }
  return all;
}

std::vector<EngineReport> reports() {
  std::vector<EngineReport> all;
  for (unsigned bits = 0; bits < 256; ++bits) {
    EngineReport r;
    r.alive = (bits & 1U) != 0 ? 1 : 0;
    r.waiting = (bits & 2U) != 0 ? 1 : 0;
    r.gone = (bits & 4U) != 0 ? 1 : 0;
    r.ended_recently = (bits & 8U) != 0 ? 1 : 0;
    r.forgotten = (bits & 16U) != 0 ? 1 : 0;
    r.silent = (bits & 32U) != 0;
    r.started = (bits & 64U) != 0;
    if ((bits & 128U) != 0) r.blocked = "held";
    const bool impossible = (!r.blocked.empty() && r.waiting == 0) || (r.alive > 0 && !r.started);
    if (!impossible) all.push_back(r);
  }
  return all;
}

std::size_t visit_accepted(const Evidence& evidence, const std::vector<EngineReport>& all,
                           const Visit& visit) {
  for (const EngineReport& report : all) {
    Evidence e = evidence;
    // A live worker has a task in hand if one is left.
    const std::uint64_t left = e.total - e.values - e.errors - e.given_up;
    e.running_tasks = std::min(report.alive, left);
    visit(e, report);
  }
  return all.size();
}

/// Without an engine id the report is what the search for our name brought.
std::size_t visit_unaccepted(Evidence e, const Visit& visit) {
  e.engine_id_recorded = false;
  std::size_t count = 0;
  for (unsigned code = 0; code < 4 * 4 * 4; ++code) {
    EngineReport r;
    r.search = static_cast<Search>(code % 4);
    e.submitter_alive = code / 4 % 2 != 0;
    e.age_ns = code / 8 % 2 != 0 ? submit_patience_ns : submit_patience_ns - 1;
    const bool found = r.search == Search::found;
    r.waiting = found && code / 16 % 2 != 0 ? 1 : 0;
    r.gone = found && code / 32 != 0 ? 1 : 0;
    r.silent = r.search == Search::silent;
    visit(e, r);
    ++count;
  }
  return count;
}

}  // namespace

std::size_t for_every_combination(const Visit& visit) {
  const std::vector<EngineReport> all = reports();
  std::size_t count = 0;
  for (const Evidence& counts : task_counts()) {
    for (const Evidence& e : with_switches(counts)) {
      count += visit_accepted(e, all, visit);
      count += visit_unaccepted(e, visit);
    }
  }
  return count;
}

std::string describe(const Evidence& e, const EngineReport& r) {
  std::string text = fmt::format(
      "place: total={} values={} errors={} given_up={} durable={} to_run_again={} running_tasks={} "
      "verdict_canceled={:d} cancel_requested={:d} closed={:d} continue_on_failure={:d} "
      "worker_log_exists={:d} "
      "engine_id_recorded={:d} submitter_alive={:d} age={}",
      e.total, e.values, e.errors, e.given_up, e.durable, e.to_run_again, e.running_tasks, e.verdict_canceled,
      e.cancel_requested, e.closed, e.continue_on_failure, e.worker_log_exists, e.engine_id_recorded,
      e.submitter_alive, e.age_ns / 1'000'000'000);
  text += fmt::format(
      "\nengine: alive={} waiting={} gone={} ended_recently={} forgotten={} silent={:d} started={:d} "
      "blocked='{}' search={}",
      r.alive, r.waiting, r.gone, r.ended_recently, r.forgotten, r.silent, r.started, r.blocked,
      static_cast<int>(r.search));
  return text;
}

}  // namespace errand::status
