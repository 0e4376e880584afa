// SPDX-License-Identifier: Apache-2.0
// What the launchpad's session bears and refuses.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "launchpad/lease.h"
#include "scratch_database.h"

namespace errand::database {
namespace {

using testing::HasSubstr;

class DatabaseLaunchpadSession : public DatabaseScratch {
 protected:
  void set_for_launchpad(const std::string& setting) {
    must("alter role errand_launchpad in database " + name_ + " set " + setting);
  }
  static std::string setting(Connection& session, const std::string& name) {
    auto rows = session.run("select current_setting('" + name + "')");
    return rows ? std::string(rows->text(0, 0)) : rows.error().message;
  }
};

TEST_F(DatabaseLaunchpadSession, NoTimeoutOfItsRoleEndsIt) {
  ASSERT_TRUE(init());
  for (const char* name : {"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"})
    set_for_launchpad(std::string(name) + " = '50ms'");
  set_for_launchpad("synchronous_commit = off");
  const int version = administrator().server_version();
  if (version >= 14'00'00) set_for_launchpad("idle_session_timeout = '50ms'");
  if (version >= 17'00'00) set_for_launchpad("transaction_timeout = '50ms'");
  auto session = launchpad::open_session(here_as("launchpad"), "");
  ASSERT_TRUE(session) << session.error().message;
  Connection& connection = *session->connection;
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  auto slept = connection.run("select pg_sleep(0.2)::text");
  EXPECT_TRUE(slept) << slept.error().message;
  EXPECT_EQ(setting(connection, "lock_timeout"), "0");
  EXPECT_EQ(setting(connection, "idle_in_transaction_session_timeout"), "0");
  EXPECT_EQ(setting(connection, "synchronous_commit"), "on");
}

TEST_F(DatabaseLaunchpadSession, ANewerFormatIsRefusedByItsNumber) {
  ASSERT_TRUE(init());
  auto here = connect_as("administrator");
  must(*here, "update errand.installation set major = 7");
  auto session = launchpad::open_session(here_as("launchpad"), "");
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().code, ErrorCode::version_mismatch);
  EXPECT_THAT(session.error().message, HasSubstr("has format 7, this errand knows 1"));
}

}  // namespace
}  // namespace errand::database
