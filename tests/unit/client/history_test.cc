// SPDX-License-Identifier: Apache-2.0
#include "client/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pty.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <thread>

#include "database/target.h"
#include "errand/compute_context.h"
#include "unit/client/scoped_variable.h"
#include "unit/client/scratch_directory.h"

namespace errand::client {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

class HistoryTest : public testing::Test {
 protected:
  HistoryTest() { leader_ = processes_.self(); }
  [[nodiscard]] std::unique_ptr<History> open(bool with_terminal = true) {
    auto session = with_terminal ? std::optional(leader_) : std::nullopt;
    return std::make_unique<History>(scratch_ / "state", session, processes_);
  }
  [[nodiscard]] std::string session_path() const {
    return "state/last/" + std::to_string(leader_.pid) + "." + std::to_string(leader_.start);
  }
  static std::string content(const std::string& id, const system::ProcessId& leader) {
    return id + "\n/p\n" + leader.host + " " + leader.boot + " " + std::to_string(leader.pid_namespace) +
           "\n";
  }

  ScratchDirectory scratch_;
  system::Processes& processes_ = system::system_processes();
  system::ProcessId leader_;
};

TEST_F(HistoryTest, PlacesAreKeptOnceInOrder) {
  EXPECT_THAT(*open()->known_places(), ElementsAre());
  auto history = open();
  for (const char* place : {"/b", "/a", "/b", "/with space"}) ASSERT_TRUE(history->note_place(place).ok());
  EXPECT_EQ(scratch_.read("state/places"), "/b\n/a\n/with space\n");
  EXPECT_THAT(*open()->known_places(), ElementsAre("/b", "/a", "/with space"));
}

TEST_F(HistoryTest, AnotherProcessDoesNotAddAPlaceAgain) {
  ASSERT_TRUE(open()->note_place("/a").ok());
  ASSERT_TRUE(open()->note_place("/a").ok());
  EXPECT_EQ(scratch_.read("state/places"), "/a\n");
}

TEST_F(HistoryTest, TheSecondTimeTouchesNoFile) {
  auto history = open();
  ASSERT_TRUE(history->note_place("/a").ok());
  std::filesystem::remove_all(scratch_ / "state");
  ASSERT_TRUE(history->note_place("/a").ok());
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "state"));
}

TEST_F(HistoryTest, OnlyAbsolutePathsAreNoted) {
  for (const char* place : {"", "relative", "postgresql://u:secret@host/db", "/a\n/b"}) {
    EXPECT_EQ(open()->note_place(place).error().code, ErrorCode::invalid_argument) << place;
  }
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "state/places"));
}

TEST_F(HistoryTest, DatabasesAreNotedByTheirNameOnly) {
  ASSERT_TRUE(open()->note_place("postgresql://ada@host/db"));
  EXPECT_FALSE(open()->note_place("postgresql://ada@host/db?password=secret"));
  EXPECT_EQ(scratch_.read("state/places"), "postgresql://ada@host/db\n");
  EXPECT_THAT(*open()->known_places(), ElementsAre("postgresql://ada@host/db"));
}

TEST_F(HistoryTest, AnotherProcessReachesADatabaseWithTheOptionsOfTheSubmission) {
  const std::string name = "postgresql://ada@history.example/db";
  ASSERT_TRUE(InDatabase(name + "?sslmode=verify-full&password=hunter2"));
  ASSERT_TRUE(open()->note_place(name));
  EXPECT_EQ(scratch_.read("state/places"), name + "?sslmode=verify-full\n");
  EXPECT_THAT(*open()->known_places(), ElementsAre(name));
  // What another process wrote, of a place that this one knows nothing of.
  const std::string other = "postgresql://ada@recalled.example/db";
  scratch_.write("state/places", other + "?sslmode=require\n" + other + "?sslmode=verify-full\n");
  EXPECT_THAT(*open()->known_places(), ElementsAre(other));
  EXPECT_EQ(database::target_of(other)->sslmode(), "verify-full");
}

TEST_F(HistoryTest, ANameAloneTakesNoOptionsAway) {
  const std::string name = "postgresql://ada@named.example/db";
  scratch_.write("state/places", name + "?sslmode=verify-full\n");
  ASSERT_TRUE(open()->note_place(name));
  EXPECT_EQ(scratch_.read("state/places"), name + "?sslmode=verify-full\n");
}

TEST_F(HistoryTest, ADamagedListStillGivesItsGoodLines) {
  scratch_.write("state/places", "/a\n\nnonsense\n/b\n/a\n/to");
  EXPECT_THAT(*open()->known_places(), ElementsAre("/a", "/b"));
  ASSERT_TRUE(open()->note_place("/c").ok());
  EXPECT_EQ(scratch_.read("state/places"), "/a\n\nnonsense\n/b\n/a\n/to\n/c\n");
}

TEST_F(HistoryTest, ManyProcessesAtOnceLoseNoLine) {
  std::vector<pid_t> children;
  for (int child = 0; child < 4; ++child) {
    const pid_t pid = fork();
    if (pid == 0) {
      bool ok = true;
      for (int i = 0; i < 25; ++i) {
        ok = open()->note_place("/p" + std::to_string(child) + "/" + std::to_string(i)).ok() && ok;
      }
      _exit(ok ? 0 : 1);
    }
    children.push_back(pid);
  }
  for (const pid_t pid : children) {
    int status = 0;
    waitpid(pid, &status, 0);
    EXPECT_EQ(status, 0);
  }
  EXPECT_THAT(*open()->known_places(), SizeIs(100));
}

TEST_F(HistoryTest, AnotherProcessOfTheSessionFindsTheLastJob) {
  EXPECT_EQ(open()->last(), std::nullopt);
  ASSERT_TRUE(open()->record_submission("rxJob_one", "/p").ok());
  ASSERT_TRUE(open()->record_submission("rxJob_two", "/q").ok());
  EXPECT_EQ(open()->last(), JobRef("rxJob_two", "/q"));
  EXPECT_THAT(*open()->known_places(), ElementsAre("/p", "/q"));
}

TEST_F(HistoryTest, AProcessPrefersItsOwnLastJob) {
  auto mine = open();
  ASSERT_TRUE(mine->record_submission("rxJob_mine", "/p").ok());
  ASSERT_TRUE(open()->record_submission("rxJob_later", "/p").ok());
  EXPECT_EQ(mine->last(), JobRef("rxJob_mine", "/p"));
}

TEST_F(HistoryTest, WithoutATerminalTheProcessAloneRemembers) {
  auto daemon = open(false);
  ASSERT_TRUE(daemon->record_submission("rxJob_one", "/p").ok());
  EXPECT_EQ(daemon->last(), JobRef("rxJob_one", "/p"));
  EXPECT_EQ(open(false)->last(), std::nullopt);
  EXPECT_EQ(open()->last(), std::nullopt);
  EXPECT_FALSE(std::filesystem::exists(scratch_ / "state/last"));
}

TEST_F(HistoryTest, ASessionOfTheSameNumbersElsewhereIsAnother) {
  system::ProcessId elsewhere = leader_;
  elsewhere.host = "another";
  scratch_.write(session_path(), content("rxJob_theirs", elsewhere));
  EXPECT_EQ(open()->last(), std::nullopt);
}

TEST_F(HistoryTest, ADamagedSessionFileIsNoJob) {
  for (const char* text : {"", "rxJob_one", "rxJob_one\n/p\n", "\n\n\n", "rxJob_one\n/p\nwrong world\n"}) {
    scratch_.write(session_path(), text);
    EXPECT_EQ(open()->last(), std::nullopt) << text;
  }
}

TEST_F(HistoryTest, FilesOfDeadSessionsGoAndOthersStay) {
  system::ProcessId before_boot = leader_;
  before_boot.boot = "an-earlier-boot";
  system::ProcessId elsewhere = leader_;
  elsewhere.host = "another";
  system::ProcessId container = leader_;
  container.pid_namespace += 1;
  const std::string parent = std::to_string(getppid());
  const auto parent_start = processes_.find(getppid());
  ASSERT_TRUE(parent_start.has_value());
  scratch_.write("state/last/" + parent + ".1", content("a", leader_));  // its pid was given away again
  scratch_.write("state/last/1.2", content("b", before_boot));
  scratch_.write("state/last/3.3", content("c", elsewhere));
  scratch_.write("state/last/4.4", content("d", container));
  scratch_.write("state/last/notes", "not ours");
  const std::string live = parent + "." + std::to_string(parent_start->start);
  scratch_.write("state/last/" + live, content("e", leader_));
  ASSERT_TRUE(open()->record_submission("rxJob_one", "/p").ok());
  std::set<std::string> left;
  for (const auto& entry : std::filesystem::directory_iterator(scratch_ / "state/last")) {
    left.insert(entry.path().filename());
  }
  const std::string own = std::to_string(leader_.pid) + "." + std::to_string(leader_.start);
  EXPECT_EQ(left, (std::set<std::string>{"3.3", "4.4", "notes", live, own}));
}

TEST_F(HistoryTest, AnUnwritableHomeIsAnErrorAndTheProcessStillRemembers) {
  scratch_.write("state", "a file where the directory should be");
  auto history = open();
  EXPECT_FALSE(history->record_submission("rxJob_one", "/p").ok());
  EXPECT_EQ(history->last(), JobRef("rxJob_one", "/p"));
}

TEST_F(HistoryTest, TheProcessWideFunctionsFollowTheStateDirectory) {
  const ScopedVariable state("XDG_STATE_HOME", scratch_.path().c_str());
  ASSERT_TRUE(record_submission("rxJob_one", "/p").ok());
  ASSERT_TRUE(note_place("/q").ok());
  EXPECT_EQ(last_of_this_session(), JobRef("rxJob_one", "/p"));
  EXPECT_THAT(*known_places(), ElementsAre("/p", "/q"));
  EXPECT_EQ(scratch_.read("errand/places"), "/p\n/q\n");
}

TEST(TerminalSession, IsLedByTheProcessThatOpenedTheTerminal) {
  int terminal = -1;
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid == 0) {
    const auto leader = terminal_session(system::system_processes());
    _exit(leader && leader->pid == getpid() ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  close(terminal);
  EXPECT_EQ(status, 0);
}

TEST(TerminalSession, ADaemonHasNone) {
  const pid_t pid = fork();
  if (pid == 0) {
    setsid();
    _exit(terminal_session(system::system_processes()) ? 1 : 0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  EXPECT_EQ(status, 0);
}

class ThreadHistoryTest : public HistoryTest {};

TEST_F(ThreadHistoryTest, ThreadsMaySubmitAtOnce) {
  auto history = open();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&history, t] {
      for (int i = 0; i < 20; ++i) (void)history->record_submission("rxJob_" + std::to_string(t), "/p");
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(scratch_.read("state/places"), "/p\n");
  EXPECT_TRUE(history->last().has_value());
}

}  // namespace
}  // namespace errand::client
