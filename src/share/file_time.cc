// SPDX-License-Identifier: Apache-2.0
#include "share/names.h"
#include "share/place.h"
#include "system/temporary_name.h"
#include "system/try.h"

namespace errand::share {
namespace {

/// Two clocks drift apart by less than a millisecond meanwhile; a step of one of them is noticed then.
constexpr std::int64_t measure_again_ns = 10'000'000'000;

Result<std::int64_t> stamp_of_new_file(system::Files& files) {
  const std::string path = system::temporary_beside(std::string(staging_directory) + "/clock");
  TRY(auto file, files.create(path));
  auto info = file->info();
  (void)files.remove(path);  // else swept with what crashes leave there
  if (!info) return std::move(info).error();
  return info->modified_ns;
}

}  // namespace

std::int64_t Place::measure_file_time() const {
  auto stamp = stamp_of_new_file(*files_);
  return stamp ? *stamp : clock_.now_ns();
}

std::int64_t Place::file_time_ns() const {
  if (!files_->is_network()) return clock_.now_ns();
  const std::lock_guard lock(file_clock_mutex_);
  const std::int64_t now = clock_.monotonic_ns();
  if (!file_clock_ || now - file_clock_->measured >= measure_again_ns) {
    file_clock_ = FileClock{now, measure_file_time() - now};
  }
  return now + file_clock_->ahead;
}

}  // namespace errand::share
