// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <fstream>
#include <memory>
#include <string>

#include "database/connection.h"
#include "database/database_files.h"
#include "database/target.h"

namespace errand::database {

/// Tests on the server that `./test database` brings up: ERRAND_DATABASE names the folder of
/// tests/database/place-up. Without it they are skipped.
class DatabaseFixture : public testing::Test {
 protected:
  void SetUp() override {
    const char* folder = std::getenv("ERRAND_DATABASE");
    if (folder == nullptr) GTEST_SKIP() << "no database: ./test database brings one up";
    folder_ = folder;
  }

  /// How to connect as "alice", "bob", "launchpad" or "administrator".
  [[nodiscard]] std::string uri_of(const std::string& role) const {
    std::ifstream file(folder_ + "/" + role + ".uri");
    std::string uri;
    std::getline(file, uri);
    return uri;
  }
  [[nodiscard]] Target target_as(const std::string& role) const {
    auto target = parse_connection_string(uri_of(role));
    EXPECT_TRUE(target) << (target ? "" : target.error().message);
    return target.value_or(Target());
  }
  std::shared_ptr<DatabaseFiles> open_files(const std::string& role) {
    auto files = DatabaseFiles::open(target_as(role));
    EXPECT_TRUE(files) << files.error().message;
    return files.value_or(nullptr);
  }
  Connection& administrator() {
    if (!administrator_) {
      auto connection = Connection::open(target_as("administrator"));
      EXPECT_TRUE(connection) << (connection ? "" : connection.error().message);
      administrator_ = *std::move(connection);
    }
    return *administrator_;
  }

  std::string folder_;

 private:
  std::unique_ptr<Connection> administrator_;
};

}  // namespace errand::database
