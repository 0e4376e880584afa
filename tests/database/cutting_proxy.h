// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "database/target.h"

namespace errand::database {

/// Where a conversation with the server ends at once: "before" the client's message of that number, "behind"
/// its question of that number, or in the middle ("half") of the server's answer of that number.
struct PlaceOfCut {
  std::string where;
  int number = 1;
};

/// A way to the server's socket on which one message is cut (tests/programs/cutting_proxy.cc).
class CuttingProxy {
 public:
  /// `folder`: where its socket will be. `target`: how to connect to the server by its socket.
  CuttingProxy(std::string folder, Target target, const PlaceOfCut& cut)
      : folder_(std::move(folder)), target_(std::move(target)) {
    std::filesystem::create_directories(folder_);
    chmod(folder_.c_str(), 0755);
    const std::string name = "/.s.PGSQL." + target_.parameters["port"];
    const std::string socket = folder_ + name;
    unlink(socket.c_str());
    unlink(mark().c_str());
    start(socket, target_.parameters["host"] + name, cut);
    for (int i = 0; i < 10000 && access(socket.c_str(), F_OK) != 0; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    EXPECT_EQ(access(socket.c_str(), F_OK), 0) << "no cutting_proxy listens";
  }
  CuttingProxy(const CuttingProxy&) = delete;
  CuttingProxy& operator=(const CuttingProxy&) = delete;
  ~CuttingProxy() {
    if (process_ <= 0) return;
    close(held_);
    ::kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }

  /// The submitter's connection string by this way.
  [[nodiscard]] std::string uri_of(const std::string& role, const std::string& password) const {
    std::string host;
    for (char c : folder_) host += c == '/' ? "%2F" : std::string(1, c);
    return "postgresql://" + role + ":" + password + "@" + host + ":" + target_.parameters.at("port") + "/" +
           target_.parameters.at("dbname");
  }
  /// False: the conversation had fewer messages.
  [[nodiscard]] bool has_cut() const { return access(mark().c_str(), F_OK) == 0; }

 private:
  [[nodiscard]] std::string mark() const { return folder_ + "/cut"; }
  void start(const std::string& socket, const std::string& real, const PlaceOfCut& cut) {
    const char* programs = std::getenv("ERRAND_TEST_PROGRAMS");
    std::array<int, 2> held{};
    if (programs == nullptr || pipe2(held.data(), O_CLOEXEC) != 0) return;
    const std::string program = std::string(programs) + "/cutting_proxy";
    const std::string number = std::to_string(cut.number);
    process_ = fork();
    if (process_ == 0) {
      dup2(held[0], 0);
      execl(program.c_str(), program.c_str(), socket.c_str(), real.c_str(), cut.where.c_str(), number.c_str(),
            mark().c_str(), nullptr);
      _exit(127);
    }
    close(held[0]);
    held_ = held[1];
  }

  std::string folder_;
  Target target_;
  pid_t process_ = -1;
  int held_ = -1;
};

/// Calls `once` for every message of what it does, cut in the three ways, until nothing is left to cut; how
/// often something was.
inline int cut_at_every_message(const std::string& folder, const Target& target,
                                const std::function<void(const CuttingProxy&)>& once) {
  constexpr int most = 2000;
  int cuts = 0;
  for (const char* where : {"before", "behind", "half"}) {
    for (int number = 1;; ++number, ++cuts) {
      SCOPED_TRACE(std::string(where) + " message " + std::to_string(number));
      const CuttingProxy proxy(folder, target, {where, number});
      once(proxy);
      if (!proxy.has_cut() || testing::Test::HasFailure()) break;
      EXPECT_LT(number, most);
      if (number >= most) break;
    }
  }
  return cuts;
}

}  // namespace errand::database
