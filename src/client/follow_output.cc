// SPDX-License-Identifier: Apache-2.0
#include "client/follow_output.h"

#include <algorithm>

#include "client/job_report.h"
#include "client/open_place.h"
#include "client/wait.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::client {
namespace {

constexpr std::size_t follow_piece_size = std::size_t{256} << 10;
/// A line longer than this is handed on in parts: a task may print for ever without ending one.
constexpr std::size_t longest_line = std::size_t{1} << 20;

}  // namespace

Result<std::chrono::milliseconds> OutputFollower::look(Moment now, bool job_ended) {
  TRY_VOID(job_.refresh());
  auto pause = std::chrono::milliseconds(recheck_interval);
  for (const share::WorkerKey& key : job_.logs()) {
    if (key.worker == 0) continue;
    Worker& worker = workers_[key];
    TRY_VOID(look_at(key, worker, now, job_ended));
    if (worker.unclaimed) pause = std::min(pause, claim_patience);
  }
  return pause;
}

bool OutputFollower::open(const share::WorkerKey& key, Worker& worker) {
  system::Files& files = job_.place().files();
  if (!worker.log) {
    auto file = files.open_read(job_.path() + "/" + log_name(key));
    if (file) worker.log = std::make_unique<journal::LogReader>(*std::move(file), log_name(key));
  }
  if (!worker.console) {
    auto file = files.open_read(job_.path() + "/" + console_name(key));
    if (file) worker.console = *std::move(file);
  }
  return worker.log && worker.console;
}

Result<void> OutputFollower::look_at(const share::WorkerKey& key, Worker& worker, Moment now,
                                     bool job_ended) {
  if (!open(key, worker)) return {};
  // In this order: what is in the file by now was not written by a task that begins after the second.
  TRY(system::FileInfo console, worker.console->info());
  auto progress = job_.progress(key);
  Unclaimed seen{console.size, progress ? progress->current_task : std::nullopt, now};
  TRY_VOID(take_recorded(worker));
  return take_unclaimed(worker, seen, job_ended);
}

Result<void> OutputFollower::take_recorded(Worker& worker) {
  auto visit = [&](const journal::Record& record) -> Result<void> {
    for (std::size_t position = 0; record.type == journal::RecordType::outcomes;) {
      auto outcome = journal::read_outcome(record.body, position);
      if (!outcome || !outcome->has_value()) break;
      const journal::Outcome& entry = **outcome;
      if (!entry.console) continue;
      TRY_VOID(show(worker, entry.console->begin, worker.last.value_or(entry.task), worker.last.has_value()));
      TRY_VOID(show(worker, entry.console->end, entry.task, false));
      worker.last = entry.task;
    }
    return {};
  };
  return worker.log->refresh(visit);
}

Result<void> OutputFollower::take_unclaimed(Worker& worker, const Unclaimed& seen, bool job_ended) {
  if (!seen.task && !worker.last) return {};  // nobody has begun
  if (worker.unclaimed && worker.unclaimed->end <= worker.shown) worker.unclaimed.reset();
  if (!worker.unclaimed && seen.end > worker.shown) worker.unclaimed = seen;
  if (!worker.unclaimed || (!job_ended && seen.since - worker.unclaimed->since < claim_patience)) return {};
  const Unclaimed due = job_ended ? seen : *worker.unclaimed;
  worker.unclaimed.reset();
  if (seen.end > due.end) worker.unclaimed = seen;
  if (due.task) return show(worker, due.end, *due.task, false);
  return worker.last ? show(worker, due.end, *worker.last, true) : Result<void>();
}

Result<void> OutputFollower::show(Worker& worker, std::uint64_t end, std::uint64_t task, bool late) {
  if (end <= worker.shown) return {};
  std::string prefix = (late ? "[after task " : "[") + std::to_string(task) + "] ";
  if (prefix != worker.prefix) {
    end_line(worker);
    worker.prefix = std::move(prefix);
    worker.owner = task;
  }
  std::string text;
  while (worker.shown < end) {
    text.resize(std::min<std::uint64_t>(follow_piece_size, end - worker.shown));
    TRY(std::size_t got, worker.console->read_at(worker.shown, std::as_writable_bytes(std::span(text))));
    if (got == 0) return {};
    worker.shown += got;
    take_text(worker, std::string_view(text).substr(0, got));
  }
  return {};
}

void OutputFollower::take_text(Worker& worker, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    worker.line.append(text.substr(0, end));
    if (end == std::string_view::npos) {
      if (worker.line.size() >= longest_line) hand_on(worker);
      return;
    }
    hand_on(worker);  // an empty line is a line too
    text.remove_prefix(end + 1);
  }
}

void OutputFollower::hand_on(Worker& worker) {
  if (!only_ || worker.owner == only_) sink_(worker.prefix + worker.line + "\n");
  worker.line.clear();
}

void OutputFollower::end_line(Worker& worker) {
  if (!worker.line.empty()) hand_on(worker);
}

void OutputFollower::finish() {
  for (auto& [key, worker] : workers_) end_line(worker);
}

Result<void> follow_output(share::JobDirectory& job, const TextSink& sink,
                           std::optional<std::uint64_t> only) {
  OutputFollower follower(job, sink, only);
  TRY(DirectoryWatch watch, DirectoryWatch::open(job.place(), job.path()));
  auto looked_at_status = std::chrono::steady_clock::now() - recheck_interval;
  for (bool ended = false; !ended;) {
    auto now = std::chrono::steady_clock::now();
    if (now - looked_at_status >= recheck_interval || job.has(share::JobFileName::Kind::seal)) {
      JobReport report = report_of(job);
      ended = is_settled(report.status.status) ||
              (report.status.status == JobStatus::undetermined && !report.silent);
      looked_at_status = now;
    }
    auto pause = follower.look(now, ended);
    if (!pause && pause.error().code == ErrorCode::job_missing) break;
    if (!pause) return std::move(pause).error();
    if (!ended) TRY_VOID(watch->wait(*pause));
  }
  follower.finish();
  return {};
}

}  // namespace errand::client
