// SPDX-License-Identifier: Apache-2.0
#include "worker/patient_file.h"

#include <algorithm>
#include <thread>

#include "system/try.h"

namespace errand::worker {

Result<void> PatientFile::append(std::span<const std::byte> bytes) {
  if (!size_known_) {
    TRY(system::FileInfo now, file_->info());
    size_ = now.size;
    size_known_ = true;
  }
  auto appended = file_->append(bytes);
  if (!appended) return append_patiently(bytes, std::move(appended).error());
  size_ += bytes.size();
  return {};
}

Result<void> PatientFile::append_patiently(std::span<const std::byte> bytes, Error error) {
  auto deadline = std::chrono::steady_clock::now() + patience_;
  while (error.code == ErrorCode::no_space && std::chrono::steady_clock::now() < deadline) {
    TRY(system::FileInfo now, file_->info());
    std::uint64_t arrived = std::min<std::uint64_t>(now.size - std::min(now.size, size_), bytes.size());
    size_ += arrived;
    bytes = bytes.subspan(arrived);
    std::this_thread::sleep_for(pause_);
    auto appended = file_->append(bytes);
    if (appended) {
      size_ += bytes.size();
      return {};
    }
    error = std::move(appended).error();
  }
  size_known_ = false;
  return error;
}

}  // namespace errand::worker
