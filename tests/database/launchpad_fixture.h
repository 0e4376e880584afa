// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>
#include <signal.h>
#include <sys/types.h>

#include <cstdlib>
#include <functional>
#include <string>
#include <vector>

#include "database_fixture.h"
#include "errand/errand.h"

namespace errand::database {

/// An int between 0 and 1,000,000 after that many milliseconds.
extern const Function<int, int> echo_after;
/// Waits for a file of that name; says that it has begun by making NAME.started.<number>.
extern const Function<int, int, std::string> wait_for_file;
/// So many bytes.
extern const Function<std::string, int> large_value;
/// What is said when connected to the job's database as the job's own submitter: user, and the answer of a
/// statement.
extern const Function<std::string, std::string> ask_database;

/// Tests with a database of their own on the server that `./test database` brings up, and launchpads that the
/// test starts. As root its tasks run as errand-w1 ..., else all is one user's.
class LaunchpadFixture : public DatabaseFixture {
 protected:
  struct Running {
    pid_t pid = -1;
    std::string scratch;
    std::string log;
  };

  void SetUp() override;
  void TearDown() override;

  /// Starts a launchpad and waits until it serves.
  Running start(const std::vector<std::string>& more = {}, const std::string& database_uri = {});
  /// The same with these words alone, of which `command` becomes errand.
  void serve(Running& running, const std::vector<std::string>& words,
             const std::vector<std::string>& command = {std::getenv("ERRAND_COMMAND")});
  /// What a launchpad says that has to refuse to begin, with that exit code.
  std::string refusal_of(const std::vector<std::string>& words, const std::vector<std::string>& command,
                         int code);
  /// Ends it as systemd would, and waits. The exit code; -1: it was killed.
  int stop(Running& launchpad);
  /// kill -9, and waits until all that it had started is dead.
  void kill(Running& launchpad);

  /// The context of a submitter.
  [[nodiscard]] ComputeContext context_of(const std::string& role) const;
  /// The same, and nobody waits for the job.
  [[nodiscard]] ComputeContext leaving(const std::string& role) const;
  /// Whether the task of wait_for_file with that name and number has begun, and how often.
  [[nodiscard]] bool began(const std::string& name, int task) const { return starts(name, task) > 0; }
  [[nodiscard]] int starts(const std::string& name, int task) const;
  /// The process of that task, once it has begun; 0: it has not within two minutes.
  [[nodiscard]] pid_t begun_task(const std::string& name, int task) const;
  /// A job of alice with a task that is done and one that runs: the launchpad is killed, the next one goes
  /// on.
  void expect_next_goes_on(const std::function<Running()>& start_one);
  [[nodiscard]] std::string file(const std::string& name) const { return folder_of_test_ + "/" + name; }
  void let_go(const std::string& name) const { std::ofstream(file(name)) << "go"; }
  /// Looks again and again, two minutes at most.
  static bool eventually(const std::function<bool()>& condition);
  /// Processes of the workers' users (of their own process groups) that run anything of errand's.
  [[nodiscard]] static std::vector<pid_t> processes_below(const std::string& scratch);
  [[nodiscard]] std::string log_of(const Running& launchpad) const;
  /// A superuser's session, opened again if it is lost.
  Connection& own_administrator();

  std::string database_;

 private:
  std::string folder_of_test_;
  std::vector<pid_t> started_;
  std::unique_ptr<Connection> own_administrator_;
};

}  // namespace errand::database
