// SPDX-License-Identifier: Apache-2.0
#include "journal/log_writer.h"

#include <array>
#include <span>
#include <utility>

#include "journal/little_endian.h"
#include "system/try.h"

namespace errand::journal {
namespace {

// One large record must not hold its memory for the rest of the worker's life.
constexpr std::size_t kept_capacity = std::size_t{1} << 20;

template <class Number>
std::array<char, sizeof(Number)> number_body(Number number) {
  std::array<char, sizeof(Number)> body;
  store_little(body.data(), number);
  return body;
}

}  // namespace

LogWriter::LogWriter(std::unique_ptr<system::File> file, std::uint64_t size, const system::Clock& clock)
    : file_(std::move(file)), clock_(&clock), written_(size), last_flush_ns_(clock.monotonic_ns()) {
  waiting_.reserve(2 * flush_bytes);
}

void LogWriter::add(const Outcome& outcome) {
  if (failure_) return;
  if (!open_outcomes_) open_outcomes_ = begin_record(waiting_);
  append_outcome(waiting_, outcome);
}

void LogWriter::close_outcomes() {
  if (!open_outcomes_) return;
  finish_record(waiting_, *open_outcomes_, RecordType::outcomes);
  open_outcomes_.reset();
}

void LogWriter::add_record(RecordType type, std::string_view body, std::uint32_t flags) {
  if (failure_) return;
  close_outcomes();
  append_record(waiting_, type, body, flags);
}

void LogWriter::add_file_header(const FileHeader& header) {
  if (failure_) return;
  close_outcomes();
  append_file_header(waiting_, header);
}

void LogWriter::add_closed(std::uint64_t tasks) {
  auto body = number_body(tasks);
  add_record(RecordType::closed, {body.data(), body.size()});
}

Result<void> LogWriter::flush() {
  if (failure_) return *failure_;
  close_outcomes();
  if (waiting_.empty()) return {};
  last_flush_ns_ = clock_->monotonic_ns();
  return write_waiting();
}

Result<void> LogWriter::write_waiting() {
  if (auto appended = file_->append(std::as_bytes(std::span(waiting_))); !appended) {
    return fail(std::move(appended).error());
  }
  written_ += waiting_.size();
  waiting_.clear();
  if (waiting_.capacity() > kept_capacity) waiting_.shrink_to_fit();
  return {};
}

Result<void> LogWriter::sync(const std::function<Result<void>()>& before_mark) {
  TRY_VOID(flush());
  if (!sync_due()) return {};
  // A failed fsync may have dropped the dirty pages: a later one that succeeds would prove nothing.
  if (auto synced = file_->sync(); !synced) return fail(std::move(synced).error());
  if (before_mark) TRY_VOID(before_mark());
  std::uint64_t durable = written_;
  auto body = number_body(durable);
  append_record(waiting_, RecordType::sync_mark, {body.data(), body.size()});
  TRY_VOID(write_waiting());
  synced_ = durable;
  marked_ = written_;
  return {};
}

Result<void> LogWriter::fail(Error error) {
  failure_ = std::move(error);
  waiting_ = {};
  open_outcomes_.reset();
  return *failure_;
}

}  // namespace errand::journal
