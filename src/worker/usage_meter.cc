// SPDX-License-Identifier: Apache-2.0
#include "worker/usage_meter.h"

#include <sys/resource.h>

#include <algorithm>

#include "system/clock.h"

namespace errand::worker {
namespace {

struct Reading {
  std::int64_t user_us = 0;
  std::int64_t system_us = 0;
  std::uint64_t peak_rss = 0;
};

std::int64_t microseconds(const timeval& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000 + time.tv_usec;
}

Reading read_usage() {
  Reading reading;
  for (int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
    rusage usage{};
    getrusage(who, &usage);
    reading.user_us += microseconds(usage.ru_utime);
    reading.system_us += microseconds(usage.ru_stime);
    reading.peak_rss = std::max(reading.peak_rss, static_cast<std::uint64_t>(usage.ru_maxrss) * 1024);
  }
  return reading;
}

std::uint32_t milliseconds(std::int64_t microseconds_used) {
  return static_cast<std::uint32_t>(std::max<std::int64_t>(microseconds_used, 0) / 1000);
}

}  // namespace

void UsageMeter::mark() {
  Reading now = read_usage();
  user_us_ = now.user_us;
  system_us_ = now.system_us;
}

std::optional<journal::Usage> UsageMeter::measure(std::int64_t elapsed_ns) {
  if (elapsed_ns < smallest_ns) return std::nullopt;
  Reading now = read_usage();
  journal::Usage usage;
  usage.started_ns = system::system_clock().now_ns() - elapsed_ns;
  usage.user_ms = milliseconds(now.user_us - user_us_);
  usage.system_ms = milliseconds(now.system_us - system_us_);
  usage.peak_rss = now.peak_rss;
  user_us_ = now.user_us;
  system_us_ = now.system_us;
  return usage;
}

}  // namespace errand::worker
