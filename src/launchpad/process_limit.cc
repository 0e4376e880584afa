// SPDX-License-Identifier: Apache-2.0
#include "launchpad/process_limit.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

namespace errand::launchpad {
namespace {

constexpr const char* own_groups = "/proc/self/cgroup";
constexpr const char* usual_root = "/sys/fs/cgroup";
/// One part in so many is nobody's: the launchpad's and its starter's.
constexpr std::uint64_t reserved_part = 8;

std::uint64_t tighter(std::uint64_t one, std::uint64_t other) {
  if (one == 0 || other == 0) return std::max(one, other);
  return std::min(one, other);
}

/// That of the group, or of one that it is in.
std::uint64_t limit_of(const std::string& hierarchy, std::string path) {
  std::uint64_t limit = 0;
  for (;;) {
    std::ifstream file(hierarchy + path + "/pids.max");
    std::uint64_t here = 0;
    if (file >> here) limit = tighter(limit, here);  // or "max"
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) return limit;
    path.resize(slash);
  }
}

}  // namespace

std::uint64_t group_process_limit(const std::string& groups, const std::string& root) {
  std::uint64_t limit = 0;
  std::istringstream lines(groups);
  for (std::string line; std::getline(lines, line);) {  // number:controllers:path
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) limit = tighter(limit, limit_of(root, path));
    if (controllers == "pids") limit = tighter(limit, limit_of(root + "/pids", path));
  }
  return limit;
}

std::uint64_t own_group_process_limit() {
  std::ifstream file(own_groups);
  return group_process_limit({std::istreambuf_iterator<char>(file), {}}, usual_root);
}

std::uint64_t process_share(std::uint64_t limit, std::size_t identities) {
  if (limit == 0 || identities == 0) return 0;
  return std::max<std::uint64_t>((limit - limit / reserved_part) / identities, 1);
}

}  // namespace errand::launchpad
