// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

/// The main job as a person meets it: submit, leave, come back in new processes. Everything through the
/// built command and a program that submits its own functions.
namespace {

using ::testing::HasSubstr;

struct Said {
  int exit_code = -1;
  std::string text;
};

Said shell(const std::string& line) {
  Said said;
  std::FILE* pipe = ::popen(("exec 2>&1; " + line).c_str(), "r");
  std::array<char, 4096> part;
  for (std::size_t got = 0; (got = std::fread(part.data(), 1, part.size(), pipe)) > 0;) {
    said.text.append(part.data(), got);
  }
  int status = ::pclose(pipe);
  said.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return said;
}

class Session : public ::testing::Test {
 protected:
  Session() {
    std::string pattern = (std::filesystem::temp_directory_path() / "errand-session-XXXXXX").string();
    root_ = ::mkdtemp(pattern.data());
    ::setenv("XDG_STATE_HOME", (root_ + "/state").c_str(), 1);
    ::setenv("XDG_CONFIG_HOME", (root_ + "/config").c_str(), 1);
    ::setenv("ERRAND_SHARE_DIR", (root_ + "/share").c_str(), 1);
    ::setenv("ERRAND_COMMAND", (ERRAND_BINARY_DIR "/bin/errand"), 0);
    ::setenv("ERRAND_TEST_PROGRAMS", (ERRAND_BINARY_DIR "/tests/programs"), 0);
  }
  ~Session() override {
    std::error_code none;
    for (const auto& world : std::filesystem::directory_iterator(root_ + "/share/agents", none)) {
      pid_t pid = 0;
      if (std::ifstream(world.path() / "info") >> pid && pid > 1) ::kill(pid, SIGTERM);
    }
    std::filesystem::remove_all(root_, none);
  }
  static Said errand(const std::string& words) { return shell("$ERRAND_COMMAND " + words); }
  static std::string first_line(const Said& said) { return said.text.substr(0, said.text.find('\n')); }

  std::string root_;
};

TEST_F(Session, AProgramIsSubmittedAndTakenUpByItsIdInNewProcesses) {
  Said submitted = errand("exec --tasks 5 -- /bin/sh -c 'echo I am {index}; test {index} != 3'");
  ASSERT_EQ(submitted.exit_code, 0) << submitted.text;
  const std::string id = first_line(submitted);
  EXPECT_EQ(errand("wait " + id).exit_code, 1) << "one task failed";
  EXPECT_EQ(errand("status --check " + id).exit_code, 1);
  EXPECT_EQ(errand("output " + id).text, "I am 0\nI am 1\nI am 2\nI am 3\nI am 4\n");
  auto status = nlohmann::json::parse(errand("status --json " + id).text, nullptr, false);
  ASSERT_TRUE(status.is_object());
  EXPECT_THAT(status.dump(), HasSubstr("finished"));
  EXPECT_THAT(errand("results " + id).text, HasSubstr("retry"));
  EXPECT_THAT(errand("jobs").text, HasSubstr(id.substr(id.size() - 6)));
  EXPECT_EQ(errand("cleanup " + id).exit_code, 1) << "kept: it is finished";
  EXPECT_EQ(errand("cleanup --force " + id).exit_code, 0);
  Said gone = errand("status " + id);
  EXPECT_EQ(gone.exit_code, 3);
  EXPECT_THAT(gone.text, HasSubstr("missing"));
}

TEST_F(Session, AFunctionsJobOutlivesItsSubmitterAndItsProgramsFile) {
  ASSERT_EQ(shell("cp $ERRAND_TEST_PROGRAMS/victim " + root_ + "/mine").exit_code, 0);
  Said submitted = shell(root_ + "/mine long");
  ASSERT_EQ(submitted.exit_code, 0) << submitted.text;
  std::filesystem::remove(root_ + "/mine");
  const std::string id = first_line(submitted);
  EXPECT_EQ(errand("wait " + id).exit_code, 0);
  Said results = errand("results --json " + id);
  EXPECT_EQ(results.exit_code, 0);
  EXPECT_FALSE(nlohmann::json::parse(results.text, nullptr, false).is_discarded()) << results.text;
  EXPECT_THAT(results.text, HasSubstr("38")) << "of task 5";
  EXPECT_EQ(errand("results --cleanup " + id.substr(id.size() - 8)).exit_code, 0);
  EXPECT_EQ(errand("status " + id).exit_code, 3);
}

TEST_F(Session, ARunningJobIsFollowedCanceledAndCleanedUp) {
  const std::string id =
      first_line(errand("exec -- /bin/sh -c 'echo begun; sleep 0.3; echo more; sleep 600'"));
  Said followed = shell("$ERRAND_COMMAND output -f " + id + " | head -1");
  EXPECT_EQ(followed.text, "[0] begun\n");
  EXPECT_EQ(errand("status --check " + id).exit_code, 4);
  EXPECT_EQ(errand("wait --timeout 0.1s " + id).exit_code, 4);
  EXPECT_EQ(errand("cancel " + id).exit_code, 0);
  EXPECT_EQ(errand("status --check " + id).exit_code, 1);
  EXPECT_THAT(errand("status " + id).text, HasSubstr("canceled"));
  EXPECT_EQ(errand("cleanup " + id).exit_code, 0);
  EXPECT_EQ(errand("jobs --json").exit_code, 0);
}

}  // namespace
