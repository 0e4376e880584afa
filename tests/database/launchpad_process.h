// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

namespace errand::database {

inline std::string text_of_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();  // of a process that ends meanwhile: what could be read
  return text.str();
}

/// Forks and runs `errand launchpad` with these words, its messages into the file `log`; `command` is a path
/// to errand, or a program that becomes it, with its own words before. It ends with the process of the test,
/// however that ends: one that stayed would keep the workers' users from every test after it.
inline pid_t spawn_launchpad(std::vector<std::string> words, const std::string& log,
                             const std::vector<std::string>& command) {
  words.insert(words.begin(), "launchpad");
  words.insert(words.begin(), command.begin(), command.end());
  const pid_t pid = fork();
  if (pid != 0) return pid;
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  const int file = open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  dup2(file, 1);
  dup2(file, 2);
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  execvp(arguments[0], arguments.data());
  _exit(127);
}

/// The process of a launchpad that serves; -1, with the test failed: it has ended. The one of a test that has
/// just died may need a moment yet to give the workers' users up.
inline pid_t start_launchpad(const std::vector<std::string>& words, const std::string& log,
                             const std::vector<std::string>& command = {std::getenv("ERRAND_COMMAND")}) {
  constexpr auto step = std::chrono::milliseconds(10);
  pid_t pid = spawn_launchpad(words, log, command);
  for (int i = 0; i < 3000; ++i, std::this_thread::sleep_for(step)) {
    const bool has_ended = waitpid(pid, nullptr, WNOHANG) == pid;
    const std::string said = text_of_file(log);
    if (!has_ended && said.find("serves") != std::string::npos) return pid;
    if (!has_ended) continue;
    pid = -1;
    if (said.find("is there and free") == std::string::npos) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    pid = spawn_launchpad(words, log, command);
  }
  ADD_FAILURE() << "no launchpad serves: " << text_of_file(log);
  if (pid > 0) {
    kill(pid, SIGTERM);
    waitpid(pid, nullptr, 0);
  }
  return -1;
}

}  // namespace errand::database
