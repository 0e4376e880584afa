// SPDX-License-Identifier: Apache-2.0
#include "database/read_ahead.h"

#include <algorithm>
#include <utility>

namespace errand::database {
namespace {

using SteadyClock = std::chrono::steady_clock;

/// As long as a slow answer might have taken to arrive.
constexpr std::chrono::milliseconds lifetime{10};

std::optional<Snapshot::Content> take_of(std::map<std::string, Snapshot::Content>& files,
                                         const std::string& file) {
  auto found = files.find(file);
  if (found == files.end()) return std::nullopt;
  std::optional<Snapshot::Content> content(std::move(found->second));
  files.erase(found);
  return content;
}

}  // namespace

Snapshot snapshot_of(const Rows& rows, std::size_t begin, std::size_t end, int column) {
  Snapshot snapshot;
  for (std::size_t row = begin; row < end;) {
    const std::string name(rows.text(row, column));
    Snapshot::Content content;
    bool whole = true;  // without a hole, and every block was sent
    for (; row < end && rows.text(row, column) == name; ++row) {
      const auto start = static_cast<std::uint64_t>(rows.number(row, column + 1));
      whole = whole && !rows.is_null(row, column + 3) && start == content.bytes.size();
      if (whole) content.bytes += rows.text(row, column + 3);
      content.modified_us = std::max(content.modified_us, rows.number(row, column + 2));
    }
    snapshot.names.push_back(name);
    snapshot.modified_us = std::max(snapshot.modified_us, content.modified_us);
    if (whole) snapshot.files.emplace(name, std::move(content));
  }
  return snapshot;
}

void ReadAhead::keep(const std::string& directory, Snapshot snapshot, std::uint64_t asked) {
  const std::lock_guard lock(mutex_);
  directory_ = directory;
  files_ = std::move(snapshot.files);
  asked_ = asked;
  kept_ = SteadyClock::now();
}

std::uint64_t ReadAhead::keep_batch(std::map<std::string, Snapshot> snapshots) {
  const std::lock_guard lock(mutex_);
  batches_[std::this_thread::get_id()] = {++batches_kept_, std::move(snapshots)};
  return batches_kept_;
}

void ReadAhead::forget_batch(std::uint64_t number) {
  const std::lock_guard lock(mutex_);
  std::erase_if(batches_, [&](const auto& batch) { return batch.second.number == number; });
}

Snapshot* ReadAhead::of_batch(const std::string& directory) {
  auto batch = batches_.find(std::this_thread::get_id());
  if (batch == batches_.end()) return nullptr;
  auto found = batch->second.snapshots.find(directory);
  return found == batch->second.snapshots.end() ? nullptr : &found->second;
}

std::optional<ReadAhead::Content> ReadAhead::take(const std::string& directory, const std::string& file,
                                                  std::uint64_t asked) {
  const std::lock_guard lock(mutex_);
  if (Snapshot* snapshot = of_batch(directory)) {
    if (auto content = take_of(snapshot->files, file)) return content;
  }
  if (directory != directory_ || asked != asked_ || SteadyClock::now() - kept_ > lifetime)
    return std::nullopt;
  return take_of(files_, file);
}

std::optional<std::vector<std::string>> ReadAhead::take_names(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  Snapshot* snapshot = of_batch(directory);
  if (snapshot == nullptr || snapshot->names.empty()) return std::nullopt;
  return std::exchange(snapshot->names, {});
}

std::optional<std::int64_t> ReadAhead::modified_us(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  const Snapshot* snapshot = of_batch(directory);
  return snapshot == nullptr ? std::nullopt : std::optional(snapshot->modified_us);
}

}  // namespace errand::database
