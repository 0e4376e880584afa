// SPDX-License-Identifier: Apache-2.0
#include "database/server_error.h"

#include <gtest/gtest.h>

namespace errand::database {
namespace {

TEST(ServerError, TheServersHintIsKept) {
  const Error error =
      server_error("42704", "there is no worker errand_w9", "errand database init\n --workers N");
  EXPECT_EQ(error.message, "PostgreSQL says: there is no worker errand_w9 (SQLSTATE 42704)");
  EXPECT_EQ(error.hint, "errand database init --workers N");
}

TEST(ServerError, OurOwnHintComesFirst) {
  const Error error = server_error("55006", "worker errand_w1 has settings of its own", "reset them");
  EXPECT_TRUE(error.transient);
  EXPECT_EQ(error.hint, "try again; PostgreSQL's hint: reset them");
  EXPECT_EQ(server_error("55006", "worker errand_w1 still has sessions", "").hint, "try again");
}

}  // namespace
}  // namespace errand::database
