// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "system/files.h"

namespace errand::journal {

/// What a ScriptedFile holds and did, shared by everybody who has it open.
struct FileState {
  std::string content;
  std::vector<std::size_t> appends;  ///< sizes, in order
  std::vector<const void*> append_addresses;
  std::size_t syncs = 0;
  std::size_t writebacks = 0;
  std::size_t views = 0;
  std::size_t largest_read = 0;
  /// The append with this number (from 0) writes `torn` bytes and fails.
  std::size_t fail_append = ~std::size_t{0};
  std::size_t torn = 0;
  bool fail_sync = false;
};

/// A file in memory that counts what is done to it and fails when told to.
class ScriptedFile final : public system::File {
 public:
  explicit ScriptedFile(std::shared_ptr<FileState> state) : state_(std::move(state)) {}

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    std::size_t begin = std::min<std::size_t>(offset, state_->content.size());
    std::size_t got = std::min(into.size(), state_->content.size() - begin);
    std::memcpy(into.data(), state_->content.data() + begin, got);
    state_->largest_read = std::max(state_->largest_read, into.size());
    return got;
  }
  Result<void> append(std::span<const std::byte> bytes) override {
    std::size_t number = state_->appends.size();
    bool fails = number == state_->fail_append;
    std::size_t written = fails ? std::min(state_->torn, bytes.size()) : bytes.size();
    state_->appends.push_back(written);
    state_->append_addresses.push_back(bytes.data());
    state_->content.append(reinterpret_cast<const char*>(bytes.data()), written);
    if (fails) return Error{ErrorCode::no_space, "the disk is full", true, {}, 28};
    return {};
  }
  Result<void> sync() override {
    ++state_->syncs;
    if (state_->fail_sync) return Error{ErrorCode::system, "input/output error", false, {}, 5};
    return {};
  }
  Result<system::FileInfo> info() override {
    system::FileInfo info;
    info.size = state_->content.size();
    return info;
  }
  Result<Buffer> view(std::uint64_t offset, std::uint64_t length) override {
    ++state_->views;
    if (offset >= state_->content.size()) return Buffer();
    return Buffer::take(state_->content.substr(offset, length));
  }
  Result<std::shared_ptr<std::byte[]>> share_memory(std::size_t) override { return refused(); }
  void start_writeback() override { ++state_->writebacks; }
  Result<void> punch_hole(std::uint64_t, std::uint64_t) override { return refused(); }
  Result<bool> try_lock() override { return refused(); }
  Result<bool> is_locked() override { return refused(); }
  [[nodiscard]] int descriptor() const override { return -1; }

 private:
  static Error refused() { return {ErrorCode::not_supported, "not in this file", false, {}, 0}; }
  std::shared_ptr<FileState> state_;
};

inline std::unique_ptr<system::File> open_scripted(std::shared_ptr<FileState> state) {
  return std::make_unique<ScriptedFile>(std::move(state));
}

[[nodiscard]] inline std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

[[nodiscard]] inline std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace errand::journal
