// SPDX-License-Identifier: Apache-2.0
#include "client/console_text.h"

#include <algorithm>
#include <tuple>

#include "client/find_job.h"
#include "journal/log_reader.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::client {
namespace {

constexpr std::size_t piece_size = std::size_t{1} << 20;

Result<void> take_spans(const journal::Record& record, const share::OutcomeIndex& index,
                        const share::WorkerKey& worker, ConsoleMap& map) {
  if (record.type != journal::RecordType::outcomes) return {};
  for (std::size_t position = 0;;) {
    auto outcome = journal::read_outcome(record.body, position);
    if (!outcome || !outcome->has_value()) return {};
    const journal::Outcome& entry = **outcome;
    if (!entry.console) continue;
    auto counting = index.find(entry.task);
    bool counts = counting && counting->worker == worker && counting->outcome.attempt == entry.attempt;
    map.take(entry.task, entry.console->begin, entry.console->end, counts);
  }
}

}  // namespace

void ConsoleMap::take(std::uint64_t task, std::uint64_t begin, std::uint64_t end, bool counts) {
  if (begin < end_ || end < begin) return;
  if (begin > end_) {
    pieces.push_back({last_.value_or(task), last_.has_value(), worker_, end_, begin});
  }
  if (counts && end > begin) pieces.push_back({task, false, worker_, begin, end});
  last_ = task;
  end_ = end;
}

void ConsoleMap::finish(std::uint64_t file_end, std::optional<std::uint64_t> current_task) {
  if (file_end <= end_) return;
  if (current_task) {
    pieces.push_back({*current_task, false, worker_, end_, file_end});
  } else if (last_) {
    pieces.push_back({*last_, true, worker_, end_, file_end});
  }
  end_ = file_end;
}

Result<ConsoleText> ConsoleText::gather(share::JobDirectory& job, std::optional<std::uint64_t> task) {
  ConsoleText text(job);
  TRY(share::TaskSource * tasks, content_of(job));
  text.limit_ = tasks->manifest().context.console_limit;
  share::OutcomeIndex index(job);
  TRY_VOID(index.refresh(tasks->total()));
  for (const share::WorkerKey& worker : job.logs()) {
    if (worker.worker != 0) TRY_VOID(text.add_worker(index, worker));
  }
  if (task) {
    std::erase_if(text.pieces_, [task](const ConsolePiece& piece) { return piece.task != *task; });
  }
  auto order = [](const ConsolePiece& p) { return std::tie(p.task, p.late, p.worker, p.begin); };
  std::sort(text.pieces_.begin(), text.pieces_.end(),
            [&](const ConsolePiece& a, const ConsolePiece& b) { return order(a) < order(b); });
  return text;
}

Result<void> ConsoleText::add_worker(const share::OutcomeIndex& index, const share::WorkerKey& worker) {
  system::Files& files = job_->place().files();
  // Who is at work is read first: text that comes later is then at worst given to the task before.
  auto progress = job_->progress(worker);
  auto console = files.info(job_->path() + "/" + console_name(worker));
  if (!console || console->size == 0) return {};
  auto file = files.open_read(job_->path() + "/" + log_name(worker));
  if (!file) return {};
  ConsoleMap map(worker);
  journal::LogReader log(*std::move(file), log_name(worker));
  TRY_VOID(
      log.refresh([&](const journal::Record& record) { return take_spans(record, index, worker, map); }));
  std::optional<std::uint64_t> current = progress ? progress->current_task : std::nullopt;
  map.finish(console->size, current);
  pieces_.insert(pieces_.end(), map.pieces.begin(), map.pieces.end());
  return {};
}

Result<system::File*> ConsoleText::file_of(const share::WorkerKey& worker) {
  if (!open_ || open_worker_ != worker) {
    TRY(open_, job_->place().files().open_read(job_->path() + "/" + console_name(worker)));
    open_worker_ = worker;
  }
  return open_.get();
}

Result<void> ConsoleText::write(const TextSink& sink, const std::function<void(std::uint64_t)>& next_task) {
  std::optional<std::uint64_t> told;
  for (const ConsolePiece& piece : pieces_) {
    if (next_task && told != piece.task) next_task(piece.task);
    told = piece.task;
    TRY_VOID(write_piece(piece, sink));
  }
  return {};
}

Result<void> ConsoleText::write_piece(const ConsolePiece& piece, const TextSink& sink) {
  auto file = file_of(piece.worker);
  if (!file && file.error().code == ErrorCode::not_found) return job_missing(job_->place(), job_->id());
  if (!file) return std::move(file).error();
  if (piece.late) {
    sink((at_line_begin_ ? "" : "\n") + std::string("[after task ") + std::to_string(piece.task) + "]\n");
  }
  const std::uint64_t length = piece.end - piece.begin;
  if (limit_ == 0 || length <= limit_) return write_bytes(**file, piece.begin, piece.end, sink);
  const std::uint64_t head = limit_ / 2;
  const std::uint64_t tail = limit_ - head;
  TRY_VOID(write_bytes(**file, piece.begin, piece.begin + head, sink));
  sink("\n[... " + std::to_string(length - limit_) + " bytes cut ...]\n");
  return write_bytes(**file, piece.end - tail, piece.end, sink);
}

Result<void> ConsoleText::write_bytes(system::File& file, std::uint64_t begin, std::uint64_t end,
                                      const TextSink& sink) {
  std::string text;
  while (begin < end) {
    text.resize(std::min<std::uint64_t>(piece_size, end - begin));
    TRY(std::size_t got, file.read_at(begin, std::as_writable_bytes(std::span(text))));
    if (got == 0) return {};
    sink(std::string_view(text).substr(0, got));
    at_line_begin_ = text[got - 1] == '\n';
    begin += got;
  }
  return {};
}

}  // namespace errand::client
