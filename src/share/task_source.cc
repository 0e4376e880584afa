// SPDX-License-Identifier: Apache-2.0
#include "share/task_source.h"

#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>

#include "journal/record.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::share {
namespace {

constexpr std::size_t run_header_size = 16;  // u64 first, u32 count, u32 codec

template <class T>
T number_at(std::span<const std::byte> bytes, std::size_t offset) {
  T value{};
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

Error corrupt(const std::string& path, std::uint64_t offset, const std::string& what) {
  return {ErrorCode::corrupt, path + " at byte " + std::to_string(offset) + ": " + what, false,
          "the job cannot be run or read; clean it up with force and submit it again", 0};
}

bool is_user(const std::string& trusted, std::uint32_t owner) {
  std::uint32_t number = 0;
  auto [end, error] = std::from_chars(trusted.data(), trusted.data() + trusted.size(), number);
  if (error == std::errc() && end == trusted.data() + trusted.size()) return number == owner;
  const passwd* entry = getpwnam(trusted.c_str());
  return entry != nullptr && entry->pw_uid == owner;
}

/// A job file is code: only the same user's, or a trusted one's, is read at all.
Result<void> check_owner(const system::FileInfo& info, const std::string& path,
                         const std::vector<std::string>& trusted) {
  if (info.owner == geteuid()) return {};
  for (const std::string& name : trusted) {
    if (is_user(name, info.owner)) return {};
  }
  return Error{ErrorCode::foreign_owner,
               path + " belongs to user " + std::to_string(info.owner) + ", not to you", false,
               "name the owner in trusted_owners of the context if you trust them with your account", 0};
}

}  // namespace

Result<std::unique_ptr<TaskSource>> TaskSource::open(system::Files& files, const std::string& job_path,
                                                     const std::vector<std::string>& trusted) {
  std::unique_ptr<TaskSource> source(new TaskSource(files, job_path + "/" + to_name({}), trusted));
  TRY(const system::FileInfo info, source->open_file());
  TRY_VOID(source->read_to(info.size));
  if (source->manifest_.id.empty()) return corrupt(source->path_, 0, "no manifest");
  return source;
}

Result<system::FileInfo> TaskSource::open_file() {
  TRY(file_, files_.open_read(path_));
  TRY(system::FileInfo info, file_->info());
  TRY_VOID(check_owner(info, path_, trusted_));
  inode_ = info.inode;
  return info;
}

Result<void> TaskSource::refresh() {
  if (closed_) return {};
  // Whoever takes a growing job up again replaces a file whose end is torn by its good beginning.
  if (growing()) {
    auto named = files_.info(path_);
    if (named && named->inode != inode_) TRY_VOID(open_file());
  }
  TRY(const system::FileInfo info, file_->info());
  return read_to(info.size);
}

Result<void> TaskSource::read_to(std::uint64_t size) {
  if (size <= good_end_ && good_end_ != 0) return {};
  TRY(view_, file_->view(0, size));
  if (head_.empty()) head_ = view_;
  Result<void> taken = take(view_.bytes().subspan(std::min<std::size_t>(good_end_, view_.size())), good_end_);
  cursor_run_ = runs_.size();  // behind the new runs too: the next task() looks for its place
  if (closed_) file_.reset();  // it has said all: who has many jobs open has few descriptors
  return taken;
}

Result<void> TaskSource::take(std::span<const std::byte> bytes, std::uint64_t base) {
  journal::RecordReader reader(bytes, base);
  while (auto record = reader.next()) {
    if (record->type == journal::RecordType::file_header) {
      TRY_VOID(journal::parse_file_header(*record, "job"));
    } else if (record->type == journal::RecordType::manifest) {
      TRY(manifest_, decode_manifest(record->text()));
    } else if (record->type == journal::RecordType::closed && record->body.size() >= 8) {
      closed_ = true;
    } else if (record->type == journal::RecordType::tasks) {
      if (record->body.size() < run_header_size) return corrupt(path_, record->offset, "short tasks record");
      Run run;
      run.first = number_at<std::uint64_t>(record->body, 0);
      run.count = number_at<std::uint32_t>(record->body, 8);
      run.bare = number_at<std::uint32_t>(record->body, 12) == static_cast<std::uint32_t>(Codec::none);
      run.offset = record->offset + journal::record_header_size + run_header_size;
      run.end = run.offset + record->body.size() - run_header_size;
      if (run.first != total_) return corrupt(path_, record->offset, "a run of tasks is missing");
      total_ += run.count;
      runs_.push_back(run);
    } else if (record->type == journal::RecordType::arguments ||
               record->type == journal::RecordType::function) {
      if (record->body.size() < 8) return corrupt(path_, record->offset, "short arguments record");
      auto codec = static_cast<Codec>(number_at<std::uint32_t>(record->body, 0));
      bool arguments = record->type == journal::RecordType::arguments;
      (arguments ? arguments_codec_ : function_codec_) = codec;
      (arguments ? arguments_ : function_) = record->body.subspan(8);
    }
  }
  good_end_ = reader.good_end();
  // A growing job's last group may be on its way; anything else must be whole.
  if (!reader.dropped().empty() && !manifest_.growing) return corrupt(path_, good_end_, reader.dropped());
  return {};
}

Result<std::span<const std::byte>> TaskSource::task(std::uint64_t index) {
  if (index >= total_) {
    return Error{ErrorCode::invalid_argument,
                 "task " + std::to_string(index) + " of " + std::to_string(total_), false, "", 0};
  }
  bool ahead = cursor_run_ < runs_.size() && index >= cursor_task_ &&
               index < runs_[cursor_run_].first + runs_[cursor_run_].count;
  if (!ahead) {
    auto after = std::upper_bound(runs_.begin(), runs_.end(), index,
                                  [](std::uint64_t task, const Run& run) { return task < run.first; });
    cursor_run_ = static_cast<std::size_t>(after - runs_.begin()) - 1;
    cursor_task_ = runs_[cursor_run_].first;
    cursor_offset_ = runs_[cursor_run_].offset;
  }
  const Run& run = runs_[cursor_run_];
  if (run.bare) return std::span<const std::byte>();
  std::span<const std::byte> bytes = view_.bytes();
  while (true) {
    if (cursor_offset_ + 4 > run.end) return corrupt(path_, cursor_offset_, "a task's arguments are missing");
    std::uint64_t length = number_at<std::uint32_t>(bytes, cursor_offset_);
    std::uint64_t begin = cursor_offset_ + 4;
    if (begin + length > run.end) return corrupt(path_, cursor_offset_, "a task's arguments are cut");
    if (cursor_task_ == index) return bytes.subspan(begin, length);  // asked again: answered again
    cursor_offset_ = begin + length;
    ++cursor_task_;
  }
}

}  // namespace errand::share
