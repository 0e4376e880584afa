// SPDX-License-Identifier: Apache-2.0
#include "journal/values_writer.h"

#include <algorithm>
#include <cassert>
#include <utility>

#include "system/try.h"

namespace errand::journal {
namespace {

// Large pieces are hashed and written in steps that stay in the processor's cache between the two.
constexpr std::size_t direct_step = std::size_t{512} << 10;

}  // namespace

Result<void> ValuesWriter::find_end() {
  if (end_known_) return {};
  if (!file_) {
    TRY(file_, open_());
    staged_.reserve(staging_size);
  }
  TRY(system::FileInfo info, file_->info());
  written_ = info.size;
  end_known_ = true;
  return {};
}

Result<void> ValuesWriter::begin_buffer() {
  assert(!in_buffer_);
  if (sync_failure_) return *sync_failure_;
  TRY_VOID(find_end());
  buffer_begin_ = (written_ + alignment - 1) & ~std::uint64_t{alignment - 1};
  staged_.assign(buffer_begin_ - written_, '\0');
  hash_.reset();
  in_buffer_ = true;
  return {};
}

Result<void> ValuesWriter::write(std::span<const std::byte> bytes) {
  assert(in_buffer_);
  if (bytes.size() >= direct_size) return write_direct(bytes);
  hash_.add(bytes);
  if (staged_.size() + bytes.size() > staging_size) TRY_VOID(flush_staged());
  staged_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return {};
}

Result<void> ValuesWriter::write_direct(std::span<const std::byte> bytes) {
  TRY_VOID(flush_staged());
  while (!bytes.empty()) {
    auto step = bytes.first(std::min(bytes.size(), direct_step));
    hash_.add(step);
    TRY_VOID(append(step));
    bytes = bytes.subspan(step.size());
  }
  return {};
}

Result<void> ValuesWriter::flush_staged() {
  if (staged_.empty()) return {};
  TRY_VOID(append(std::as_bytes(std::span(staged_))));
  staged_.clear();
  return {};
}

Result<void> ValuesWriter::append(std::span<const std::byte> bytes) {
  if (auto appended = file_->append(bytes); !appended) {
    abandon();
    end_known_ = false;
    return std::move(appended).error();
  }
  written_ += bytes.size();
  if (written_ - written_back_ >= writeback_every) {
    file_->start_writeback();
    written_back_ = written_;
  }
  return {};
}

Result<StoredBuffer> ValuesWriter::end_buffer() {
  assert(in_buffer_);
  TRY_VOID(flush_staged());
  in_buffer_ = false;
  return StoredBuffer{buffer_begin_, written_ - buffer_begin_, hash_.value()};
}

void ValuesWriter::abandon() noexcept {
  staged_.clear();
  in_buffer_ = false;
}

Result<void> ValuesWriter::sync() {
  if (sync_failure_) return *sync_failure_;
  if (!file_ || synced_ == written_) return {};
  std::uint64_t durable = written_;
  if (auto synced = file_->sync(); !synced) {
    sync_failure_ = std::move(synced).error();
    return *sync_failure_;
  }
  synced_ = durable;
  return {};
}

}  // namespace errand::journal
