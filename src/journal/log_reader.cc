// SPDX-License-Identifier: Apache-2.0
#include "journal/log_reader.h"

#include <algorithm>
#include <utility>

#include "journal/little_endian.h"
#include "system/try.h"

namespace errand::journal {
namespace {

// Between refreshes: a job may have a thousand logs.
constexpr std::size_t kept_window = std::size_t{16} << 10;

}  // namespace

Result<void> LogReader::refresh(const Visitor& visit, std::uint64_t limit) {
  TRY(system::FileInfo info, file_->info());
  std::uint64_t end = std::min(info.size, limit);
  std::uint64_t wanted = window_size;
  dropped_.clear();
  while (good_end_ < end) {
    std::uint64_t length = std::min(wanted, end - good_end_);
    std::uint64_t begin = good_end_;
    TRY(auto bytes, read_window(length));
    TRY_VOID(walk(bytes, visit));
    // Nothing good in the window: over, unless its first record only needs a larger one.
    wanted = window_size;
    if (good_end_ == begin) {
      if (bytes.size() < length || length == end - begin) break;
      wanted = window_for(bytes);
      if (wanted <= length || wanted > end - begin) break;
    }
  }
  if (window_.size() > kept_window) window_ = {};
  return {};
}

/// How large a window the record at the beginning of `rest` claims to need. Requires a whole header.
std::uint64_t LogReader::window_for(std::span<const std::byte> rest) const {
  auto length = load_little<std::uint64_t>(rest.data() + 8);
  return length < no_limit / 2 ? record_size(length) : no_limit;
}

Result<std::span<const std::byte>> LogReader::read_window(std::uint64_t length) {
  if (window_.size() < length) window_.resize(length);
  TRY(std::size_t got, file_->read_at(good_end_, std::span(window_).first(length)));
  return std::span<const std::byte>(window_).first(got);
}

Result<void> LogReader::walk(std::span<const std::byte> bytes, const Visitor& visit) {
  RecordReader reader(bytes, good_end_);
  while (auto record = reader.next()) {
    if (record->type == RecordType::sync_mark) note_sync_mark(*record);
    if (auto seen = visit(*record); !seen) return std::move(seen).error();
    good_end_ = reader.good_end();
  }
  good_end_ = reader.good_end();  // skipped records count
  dropped_ = reader.dropped().empty() ? "" : name_ + " " + reader.dropped();
  return {};
}

void LogReader::note_sync_mark(const Record& record) {
  if (record.body.size() != sizeof(std::uint64_t)) return;
  auto claim = load_little<std::uint64_t>(record.body.data());
  // A mark can only speak of what lay before it when it was written.
  if (claim <= record.offset) durable_end_ = std::max(durable_end_, claim);
}

Result<Buffer> LogReader::refresh_in_place(const Visitor& visit, std::uint64_t limit) {
  TRY(system::FileInfo info, file_->info());
  std::uint64_t end = std::min(info.size, limit);
  dropped_.clear();
  if (end <= good_end_) return Buffer();
  TRY(Buffer bytes, file_->view(good_end_, end - good_end_));
  TRY_VOID(walk(bytes.bytes(), visit));
  return bytes;
}

}  // namespace errand::journal
