// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <utility>

#include "system/files.h"

namespace errand::worker {

/// A file whose only writer waits for space on a full disk instead of failing: the worker would lose what
/// it has computed. What a failed write left in the file is found by the file's length and continued.
class PatientFile final : public system::File {
 public:
  static constexpr std::chrono::milliseconds default_patience{60'000};
  static constexpr std::chrono::milliseconds default_pause{1'000};

  /// `file`: open for appending, with no other writer.
  explicit PatientFile(std::unique_ptr<system::File> file,
                       std::chrono::milliseconds patience = default_patience,
                       std::chrono::milliseconds pause = default_pause)
      : file_(std::move(file)), patience_(patience), pause_(pause) {}

  /// Errors: no_space after the patience; every other error at once.
  Result<void> append(std::span<const std::byte> bytes) override;

  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> into) override {
    return file_->read_at(offset, into);
  }
  Result<void> sync() override { return file_->sync(); }
  Result<system::FileInfo> info() override { return file_->info(); }
  Result<Buffer> view(std::uint64_t offset, std::uint64_t length) override {
    return file_->view(offset, length);
  }
  Result<std::shared_ptr<std::byte[]>> share_memory(std::size_t length) override {
    return file_->share_memory(length);
  }
  void start_writeback() override { file_->start_writeback(); }
  Result<void> punch_hole(std::uint64_t offset, std::uint64_t length) override {
    return file_->punch_hole(offset, length);
  }
  Result<bool> try_lock() override { return file_->try_lock(); }
  Result<bool> is_locked() override { return file_->is_locked(); }
  [[nodiscard]] int descriptor() const override { return file_->descriptor(); }

 private:
  Result<void> append_patiently(std::span<const std::byte> bytes, Error error);

  std::unique_ptr<system::File> file_;
  std::chrono::milliseconds patience_;
  std::chrono::milliseconds pause_;
  std::uint64_t size_ = 0;  ///< the file's length, once it is known
  bool size_known_ = false;
};

}  // namespace errand::worker
