// SPDX-License-Identifier: Apache-2.0
#include "system/user_name.h"

#include <pwd.h>
#include <unistd.h>

#include <vector>

namespace errand::system {

std::string user_name() {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->pw_name;
  }
  return std::to_string(geteuid());
}

}  // namespace errand::system
