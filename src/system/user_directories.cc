// SPDX-License-Identifier: Apache-2.0
#include "system/user_directories.h"

#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <vector>

namespace errand::system {
namespace {

std::string home_of_record() {
  std::vector<char> buffer(16384);
  passwd entry{};
  passwd* found = nullptr;
  if (getpwuid_r(getuid(), &entry, buffer.data(), buffer.size(), &found) != 0 || found == nullptr) return {};
  return found->pw_dir == nullptr ? std::string() : std::string(found->pw_dir);
}

/// The specification has relative paths ignored.
std::string absolute_or(const char* variable, const char* below_home) {
  std::string path = environment_value(variable);
  if (path.starts_with('/')) return path;
  path = home_directory();
  if (!path.ends_with('/')) path += '/';
  return path + below_home;
}

}  // namespace

std::string environment_value(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

std::string home_directory() {
  std::string home = environment_value("HOME");
  if (home.starts_with('/')) return home;
  home = home_of_record();
  return home.starts_with('/') ? home : "/";
}

std::string config_directory() {
  return absolute_or("XDG_CONFIG_HOME", ".config") + "/errand";
}

std::string state_directory() {
  return absolute_or("XDG_STATE_HOME", ".local/state") + "/errand";
}

}  // namespace errand::system
