// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gmock/gmock.h>

#include <initializer_list>
#include <memory>
#include <string>

#include "database_fixture.h"
#include "errand/database.h"

namespace errand::database {

/// A database of the test's own on the server of `./test database`, empty at first; dropped at the end. Its
/// roles are the server's: alice, bob, the launchpad, the workers.
class DatabaseScratch : public DatabaseFixture {
 protected:
  void SetUp() override {
    DatabaseFixture::SetUp();
    if (IsSkipped()) return;
    name_ = "scratch_" + std::to_string(getpid());
    must("create database " + name_);
  }
  void TearDown() override {
    if (!name_.empty()) (void)administrator().run_script("drop database " + name_ + " with (force)");
  }

  /// The same as in the shared database, but here.
  [[nodiscard]] Target here_as(const std::string& role) const {
    Target target = target_as(role);
    target.parameters["dbname"] = name_;
    return target;
  }
  [[nodiscard]] std::string here_uri(const std::string& role) const {
    std::string uri = uri_of(role);
    return uri.substr(0, uri.rfind('/') + 1) + name_;
  }
  std::unique_ptr<Connection> connect(const Target& target) {
    auto connection = Connection::open(target);
    EXPECT_TRUE(connection) << (connection ? "" : connection.error().message);
    return connection ? *std::move(connection) : nullptr;
  }
  std::unique_ptr<Connection> connect_as(const std::string& role) { return connect(here_as(role)); }

  Result<DatabaseSetupReport> init(int workers = 0, std::vector<std::string> users = {"alice", "bob"}) {
    return init_database({here_uri("administrator"), workers, std::move(users)});
  }

  /// Of the shared database's administrator.
  void must(const std::string& sql) {
    auto done = administrator().run_script(sql);
    ASSERT_TRUE(done) << sql << ": " << done.error().message;
  }
  static void must(Connection& connection, const std::string& sql) {
    auto done = connection.run_script(sql);
    ASSERT_TRUE(done) << sql << ": " << done.error().message;
  }
  /// The server's words, or "done".
  static std::string answer(Connection& connection, const std::string& sql) {
    auto done = connection.run_script(sql);
    return done ? "done" : done.error().message;
  }
  static std::int64_t number(Connection& connection, const std::string& sql) {
    auto rows = connection.run(sql);
    EXPECT_TRUE(rows) << sql << ": " << (rows ? "" : rows.error().message);
    return rows && rows->count() == 1 ? rows->number(0, 0) : -1;
  }

  std::string name_;
};

}  // namespace errand::database
