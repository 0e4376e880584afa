// SPDX-License-Identifier: Apache-2.0
#include "system/temporary_name.h"

#include <sys/random.h>

#include <cstdint>
#include <cstdio>
#include <ctime>

namespace errand::system {
namespace {

std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  if (getrandom(&bits, sizeof bits, 0) == sizeof bits) return bits;
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_nsec) * 0x9e3779b97f4a7c15u +
         static_cast<std::uint64_t>(now.tv_sec);
}

}  // namespace

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == path.npos ? std::string() : path.substr(0, slash);
}

std::string temporary_beside(const std::string& path) {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(random_bits()));
  const auto slash = path.rfind('/');
  const std::string directory = slash == path.npos ? std::string() : path.substr(0, slash + 1);
  return directory + temporary_prefix + digits;
}

}  // namespace errand::system
