// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/queue_report.h"

#include <algorithm>

namespace errand::engine::scheduler {
namespace {

using Search = status::EngineReport::Search;

/// Clocks of this host and of whoever recorded the answer may differ by this much.
constexpr std::int64_t clock_slack_ns = 2'000'000'000;

/// What has started will have a record, and may have left the queue later than others of its array.
constexpr std::int64_t patience_if_started = 10;

/// Counts one submission into a report.
class SubmissionCount {
 public:
  SubmissionCount(const SubmittedArray& array, const ChunkLooks& looks, const QueueSnapshot& queue)
      : array_(array), looks_(looks), queue_(queue), shown_(array.record.elements, false) {}

  void add_to(status::EngineReport& report, bool newest, std::int64_t now_ns, std::int64_t visibility_ns) {
    for (const QueueEntry& entry : queue_.entries) {
      if (entry.name != array_.record.name) continue;
      found_ = true;
      const bool fresh = entry.ended_s * 1'000'000'000 + visibility_ns > now_ns;
      for (auto [first, last] : entry.elements) {
        for (std::uint32_t k = first; k < std::min(last, array_.record.elements); ++k) {
          shown_[k] = true;
          add_shown(report, entry, k, newest, entry.ended_s > 0 && fresh);
        }
      }
    }
    const std::vector<const QueueEntry*> past = find_past();
    for (std::uint32_t k = 0; k < array_.record.elements; ++k) {
      if (shown_[k]) continue;
      const bool fresh = past[k] != nullptr && past[k]->ended_s * 1'000'000'000 + visibility_ns > now_ns;
      if (past[k] != nullptr) {
        add_shown(report, *past[k], k, newest, fresh);
      } else {
        add_unseen(report, k, newest, now_ns - visibility_ns);
      }
    }
    if (newest) search(report);
  }

 private:
  /// Each element's last run, as the history has it.
  [[nodiscard]] std::vector<const QueueEntry*> find_past() const {
    std::vector<const QueueEntry*> past(array_.record.elements, nullptr);
    for (const QueueEntry& entry : queue_.past) {
      if (entry.name != array_.record.name) continue;
      for (auto [first, last] : entry.elements) {
        for (std::uint32_t k = first; k < std::min(last, array_.record.elements); ++k) past[k] = &entry;
      }
    }
    return past;
  }

  [[nodiscard]] ChunkLook look(std::uint32_t element) const {
    auto found = looks_.find(array_.record.first_chunk + element);
    return found == looks_.end() ? ChunkLook{} : found->second;
  }

  /// Equal parts, the first ones longer by one.
  [[nodiscard]] bool is_complete(std::uint32_t element, const ChunkLook& look) const {
    if (array_.record.open_ended || look.alive > 0) return false;
    const std::uint64_t total = share::count(array_.record.tasks);
    const std::uint64_t own =
        total / array_.record.elements + (element < total % array_.record.elements ? 1 : 0);
    return look.done >= own;
  }

  void add_shown(status::EngineReport& report, const QueueEntry& entry, std::uint32_t element, bool newest,
                 bool fresh) const {
    const ChunkLook seen = look(element);
    report.started = report.started || seen.started;
    if (is_complete(element, seen)) {
      if (newest) add_ended(report, seen.may_have_more);
      return;
    }
    switch (entry.state) {
      case ElementState::waiting:
        ++report.waiting;
        say(report, entry);
        return;
      case ElementState::alive:
        ++report.alive;
        report.started = true;
        return;
      case ElementState::ended:
        if (seen.alive > 0) {
          report.alive += 1;  // the scheduler has let go of what still beats
        } else if (newest) {
          add_ended(report, fresh || seen.may_have_more);
          if (report.reason.empty() || report.waiting == 0) say(report, entry);
        }
        return;
      case ElementState::unknown:
        if (!newest) return;
        ++report.forgotten;
        say(report, entry);
        return;
    }
  }

  static void add_ended(status::EngineReport& report, bool recently) {
    ++(recently ? report.ended_recently : report.gone);
  }

  static void say(status::EngineReport& report, const QueueEntry& entry) {
    if (entry.blocked && report.blocked.empty()) report.blocked = entry.reason;
    report.reason = entry.reason;
  }

  /// `visible_ns`: what happened until then shows on disk by now.
  void add_unseen(status::EngineReport& report, std::uint32_t element, bool newest,
                  std::int64_t visible_ns) const {
    const ChunkLook seen = look(element);
    report.started = report.started || seen.started;
    if (seen.alive > 0) {
      ++report.alive;
    } else if (!newest) {
      return;
    } else if (is_complete(element, seen)) {
      add_ended(report, seen.may_have_more);
    } else if (array_.acceptance && !array_.acceptance->problem.empty()) {
      if (!array_.acceptance->doubtful || asked_after(array_.acceptance->time_ns)) {
        ++report.gone;
        report.reason = array_.acceptance->problem;
      } else {
        ++report.waiting;
        report.reason = "it is not known yet whether the scheduler has taken it";
      }
    } else if (array_.acceptance && !queue_.silent && !asked_after(array_.acceptance->time_ns)) {
      ++report.waiting;
      report.reason = "submitted as " + array_.acceptance->id;
    } else if (!queue_.silent) {
      add_missed(report, seen, visible_ns);
    }
  }

  /// Neither the queue nor the history shows it.
  void add_missed(status::EngineReport& report, const ChunkLook& seen, std::int64_t visible_ns) const {
    const std::int64_t patience = queue_.history_delay_ns * (seen.started ? patience_if_started : 1);
    auto missed = queue_.missed_ns.find(array_.record.name);
    if (seen.may_have_more) {
      ++report.ended_recently;
    } else if (missed == queue_.missed_ns.end()) {
      ++report.forgotten;
    } else if (missed->second + patience > visible_ns) {
      ++report.ended_recently;
      report.reason = "left the queue; how it ended is not in the scheduler's records yet";
    } else {
      ++report.gone;
      report.reason = "left the queue without a record: deleted before it began, or the record is gone";
    }
  }

  [[nodiscard]] bool asked_after(std::int64_t time_ns) const {
    return !queue_.silent && queue_.asked_ns > time_ns + clock_slack_ns;
  }

  /// Only where the scheduler's answer was never recorded: does it have a job of our name?
  void search(status::EngineReport& report) const {
    if (array_.acceptance) return;
    report.search = found_ ? Search::found : queue_.silent ? Search::silent : Search::not_there;
    if (!found_ && !queue_.silent && !asked_after(array_.record.time_ns)) report.search = Search::silent;
  }

  const SubmittedArray& array_;
  const ChunkLooks& looks_;
  const QueueSnapshot& queue_;
  std::vector<bool> shown_;
  bool found_ = false;
};

std::string age_of(const QueueSnapshot& queue, std::int64_t now_ns, std::string_view engine) {
  const std::int64_t age = std::max<std::int64_t>(0, (now_ns - queue.asked_ns) / 1'000'000'000);
  return std::string(engine) + " was asked " + std::to_string(age) + " s ago";
}

}  // namespace

status::EngineReport report_on(const std::vector<SubmittedArray>& submissions, const ChunkLooks& looks,
                               const QueueSnapshot& queue, std::int64_t now_ns, std::int64_t visibility_ns,
                               std::string_view engine) {
  status::EngineReport report;
  report.engine = engine;
  report.silent = queue.silent;
  for (const SubmittedArray& array : submissions) {
    const bool newest = &array == &submissions.back();
    SubmissionCount(array, looks, queue).add_to(report, newest, now_ns, visibility_ns);
  }
  if (submissions.empty()) report.search = Search::not_there;
  if (queue.silent) {
    report.reason = "the scheduler is not answering (" + std::string(engine) + "): " + queue.problem;
  } else {
    report.asked = age_of(queue, now_ns, engine);
  }
  return report;
}

}  // namespace errand::engine::scheduler
