// SPDX-License-Identifier: Apache-2.0
#include "engine/own_program.h"

#include <atomic>
#include <mutex>
#include <utility>

namespace errand::engine {
namespace {
std::atomic<bool> own_program = false;
std::mutex command_mutex;

std::string& command() {
  static auto* path = new std::string;
  return *path;
}
}  // namespace

void set_own_program() {
  own_program = true;
}
bool is_own_program() {
  return own_program;
}

void set_command(std::string path) {
  const std::lock_guard lock(command_mutex);
  command() = std::move(path);
}
std::string chosen_command() {
  const std::lock_guard lock(command_mutex);
  return command();
}

}  // namespace errand::engine
