// SPDX-License-Identifier: Apache-2.0
#include "database/target.h"

#include <gtest/gtest.h>

namespace errand::database {
namespace {

using Settings = std::map<std::string, std::string>;

TEST(IsDatabasePlace, TellsConnectionStringsFromDirectories) {
  for (const char* text : {"postgresql://u@h/d", "postgres://h", "postgresql:///d", "host=/run/pg dbname=d",
                           "dbname=d", "Driver={PostgreSQL Unicode};Server=h;PWD=x", "DSN=climate",
                           "Driver=/usr/lib/psqlodbcw.so;Server=h", "mysql://h/d", "  postgresql://h/d"}) {
    EXPECT_TRUE(is_database_place(text)) << text;
  }
  for (const char* text : {"", "/scratch/a=b", "./a=b", "runs/a=b", "place", "~/jobs", "/srv/postgresql://x",
                           "C:/jobs", "local"}) {
    EXPECT_FALSE(is_database_place(text)) << text;
  }
}

TEST(RememberTarget, ALaterStringWithoutOptionsLeavesEncryptionAndCertificatesAsTheyWere) {
  const Settings named{{"host", "strict.example"}, {"dbname", "d"}, {"user", "u"}};
  Settings strict = named;
  strict.insert({{"sslmode", "verify-full"}, {"sslrootcert", "/ca.pem"}, {"password", "pw"}});
  remember_target({strict});
  remember_target({named});
  EXPECT_EQ(target_of("postgresql://u@strict.example/d")->parameters, strict);
}

TEST(RememberTarget, TheStricterSslmodeCounts) {
  const auto remembered_after = [](const std::string& host, const char* first, const char* second) {
    remember_target({{{"host", host}, {"sslmode", first}}});
    remember_target({{{"host", host}, {"sslmode", second}}});
    return target_of("postgresql://" + host)->sslmode();
  };
  EXPECT_EQ(remembered_after("h1.example", "verify-full", "require"), "verify-full");
  EXPECT_EQ(remembered_after("h2.example", "prefer", "verify-ca"), "verify-ca");
  EXPECT_EQ(remembered_after("h3.example", "require", "disable"), "require");
}

TEST(RememberTarget, OtherOptionsAreThoseOfTheNewest) {
  remember_target({{{"host", "other.example"}, {"options", "-c role=a"}}});
  remember_target({{{"host", "other.example"}, {"application_name", "b"}}});
  EXPECT_EQ(target_of("postgresql://other.example")->parameters,
            (Settings{{"host", "other.example"}, {"application_name", "b"}}));
}

TEST(RecallTarget, WhatThisProcessWasToldItselfWins) {
  const Target told{{{"host", "told.example"}, {"sslmode", "prefer"}}};
  EXPECT_FALSE(is_remembered(told));
  remember_target(told);
  EXPECT_TRUE(is_remembered(told));
  recall_target({{{"host", "told.example"}, {"sslmode", "verify-full"}}});
  EXPECT_EQ(*target_of("postgresql://told.example"), told);
  const Target written{{{"host", "written.example"}, {"sslmode", "verify-full"}}};
  recall_target(written);
  EXPECT_EQ(*target_of("postgresql://written.example"), written);
}

}  // namespace
}  // namespace errand::database
