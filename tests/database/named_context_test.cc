// SPDX-License-Identifier: Apache-2.0
// A context of the configuration that is a place in a database, through the command.
#include <stdlib.h>
#include <sys/wait.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "launchpad_fixture.h"
#include "unit/client/scoped_variable.h"

namespace errand::database {
namespace {

using client::ScopedVariable;
using testing::HasSubstr;

class DatabaseServerNamedContextTest : public LaunchpadFixture {
 protected:
  void SetUp() override {
    LaunchpadFixture::SetUp();
    if (IsSkipped()) return;
    std::filesystem::create_directories(file("config/errand"));
    std::ofstream config(file("config/errand/config.toml"));
    for (const char* role : {"alice", "bob"}) {
      config << "[contexts." << role << "s]\nengine = \"database\"\nshare_dir = \""
             << context_of(role).share_dir << "\"\n";
    }
  }
  /// The command's standard output; it has to succeed. The password is where libpq looks.
  std::string say(const std::string& words, const std::string& role) {
    const ScopedVariable config("XDG_CONFIG_HOME", file("config").c_str());
    const ScopedVariable state("XDG_STATE_HOME", file("state").c_str());
    const ScopedVariable password("PGPASSWORD", target_as(role).parameters.at("password").c_str());
    std::FILE* pipe = popen(("\"$ERRAND_COMMAND\" " + words).c_str(), "r");
    std::string text;
    for (int c = std::fgetc(pipe); c != EOF; c = std::fgetc(pipe)) text += static_cast<char>(c);
    EXPECT_EQ(pclose(pipe), 0) << words;
    return text;
  }
  static std::set<std::string> lines_of(const std::string& text) {
    std::set<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) lines.insert(line);
    return lines;
  }
};

TEST_F(DatabaseServerNamedContextTest, ListsTheJobsOfItsRoleAndNoOther) {
  std::set<std::string> alices;
  for (int i = 0; i < 3; ++i) {
    const std::string id = say("exec --context alices -- /bin/echo hello", "alice");
    alices.insert(id.substr(0, id.find('\n')));
  }
  const auto bobs = lines_of(say("exec --context bobs -- /bin/echo hello", "bob"));
  EXPECT_EQ(lines_of(say("jobs --context alices --quiet", "alice")), alices);
  EXPECT_EQ(lines_of(say("jobs --context bobs --quiet", "bob")), bobs);
  const auto listed = nlohmann::json::parse(say("jobs --context alices --json", "alice"), nullptr, false);
  ASSERT_TRUE(listed.is_object());
  ASSERT_EQ(listed["jobs"].size(), 3u);
  EXPECT_EQ(alices.count(listed["jobs"][0]["id"]), 1u);
  EXPECT_EQ(listed["jobs"][0]["status"], "queued");
  EXPECT_THAT(say("jobs --context alices", "alice"), HasSubstr("queued"));
}

TEST_F(DatabaseServerNamedContextTest, ItsJobsAreFollowedToTheirEnd) {
  if (geteuid() != 0) GTEST_SKIP() << "one launchpad serves one role";
  start();
  const std::string id = say("exec --context bobs -- /bin/echo hello", "bob").substr(0, 32);
  EXPECT_THAT(say("wait --context bobs " + id, "bob"), HasSubstr("finished"));
  EXPECT_EQ(say("jobs --context bobs --quiet --status finished", "bob"), id + "\n");
  EXPECT_EQ(say("jobs --context bobs --quiet --status queued", "bob"), "");
  EXPECT_EQ(say("output --context bobs " + id, "bob"), "hello\n");
}

}  // namespace
}  // namespace errand::database
