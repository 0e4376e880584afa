// SPDX-License-Identifier: Apache-2.0
#include "conformance/database_host.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "database/launchpad_process.h"
#include "database/target.h"

namespace errand::conformance {
namespace {

std::string line_of(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  return line;
}

database::Target target_as(const std::string& role) {
  auto target = database::parse_connection_string(
      line_of(std::string(std::getenv("ERRAND_DATABASE")) + "/" + role + ".uri"));
  EXPECT_TRUE(target.ok()) << role;
  return target.value_or(database::Target());
}

std::string keywords(const database::Target& target) {
  std::string text;
  for (const auto& [key, value] : target.parameters) text += key + "='" + value + "' ";
  return text;
}

}  // namespace

bool DatabaseHost::is_available() {
  return std::getenv("ERRAND_DATABASE") != nullptr && geteuid() == 0;
}

bool DatabaseHost::can_run_test_programs() {
  std::filesystem::path folder = std::getenv("ERRAND_TEST_PROGRAMS");
  for (; folder.has_relative_path(); folder = folder.parent_path()) {
    const auto mode = std::filesystem::status(folder).permissions();
    if ((mode & std::filesystem::perms::others_exec) == std::filesystem::perms::none) return false;
  }
  return true;
}

DatabaseHost::DatabaseHost(const std::string& root) : scratch_(root + "/scratch") {
  auto opened = database::Connection::open(target_as("administrator"));
  EXPECT_TRUE(opened.ok());
  if (!opened) return;
  administrator_ = *std::move(opened);
  EXPECT_TRUE(administrator_->run_script(
      "delete from errand.directory where path like 'jobs/%' or path like 'staging/%'"));
  auto context = InDatabase(keywords(target_as("alice")));
  EXPECT_TRUE(context.ok());
  if (context) context_ = *context;
  start_launchpad(keywords(target_as("launchpad")));
}

void DatabaseHost::start_launchpad(const std::string& connection) {
  launchpad_ = database::start_launchpad({"--database", connection, "--scratch", scratch_, "--workers", "2"},
                                         scratch_ + ".log");
}

DatabaseHost::~DatabaseHost() {
  if (launchpad_ <= 0) return;
  kill(launchpad_, SIGTERM);
  waitpid(launchpad_, nullptr, 0);
}

bool DatabaseHost::has(const std::string& directory) {
  database::Parameters parameters;
  parameters.text(directory);
  auto rows = administrator_->run("select exists (select from errand.directory where path = $1)", parameters);
  EXPECT_TRUE(rows.ok());
  return rows && rows->truth(0, 0);
}

std::size_t DatabaseHost::entries(const std::string& folder) {
  const bool marks = folder == "active";
  const std::string pattern = (marks ? "jobs" : folder) + "/%";
  database::Parameters parameters;
  parameters.text(pattern).text(marks ? "true" : "false");
  auto rows = administrator_->run(
      "select count(*) from errand.directory where path like $1 and (active or not $2::text::boolean)",
      parameters);
  EXPECT_TRUE(rows.ok());
  return rows ? static_cast<std::size_t>(rows->number(0, 0)) : 0;
}

}  // namespace errand::conformance
