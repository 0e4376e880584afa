// SPDX-License-Identifier: Apache-2.0
// errand doctor and errand database init, as far as they need no server.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/cli/shell.h"

namespace errand::cli {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(DoctorCommand, TellsByItsExitCodeWhetherSomethingIsWrong) {
  Shell shell;
  Ran well = shell.run("errand doctor");
  EXPECT_EQ(well.code, 0) << well.out;
  EXPECT_THAT(well.out, AllOf(HasSubstr("good     place"), HasSubstr("good     command")));
  Ran ill = shell.run("errand doctor /dev/null/place");
  EXPECT_EQ(ill.code, 1);
  EXPECT_THAT(ill.out, HasSubstr("wrong    place"));
  EXPECT_THAT(ill.err, IsEmpty());
  EXPECT_EQ(shell.run("errand doctor --quiet /dev/null/place").out, "place\n");
  EXPECT_EQ(shell.run("errand doctor --json /dev/null/place").json()["findings"][0]["verdict"], "wrong");
}

TEST(DoctorCommand, LooksAtADatabaseThatIsNamedInAnyWay) {
  Shell shell;
  for (const char* named :
       {"postgresql://ada@127.0.0.1:1/errand", "'host=127.0.0.1 port=1 dbname=errand user=ada'",
        "--context postgresql://ada@127.0.0.1:1/errand", "--share-dir postgresql://ada@127.0.0.1:1/errand",
        "--context 'host=127.0.0.1 port=1 dbname=errand user=ada'",
        "--context 'Driver={PostgreSQL Unicode};Server=127.0.0.1,1;Database=errand;UID=ada'",
        "--share-dir 'host=127.0.0.1 port=1 dbname=errand user=ada'",
        "--share-dir 'Driver={PostgreSQL Unicode};Server=127.0.0.1,1;Database=errand;UID=ada'"}) {
    Ran ran = shell.run(std::string("errand doctor ") + named);
    EXPECT_EQ(ran.code, 1) << named;
    EXPECT_THAT(ran.out, HasSubstr("wrong    server")) << named << ran.err;
  }
}

TEST(SetupCommand, PrintsItsSqlWithoutAServer) {
  Shell shell;
  Ran ran = shell.run("errand database init --dry-run --workers 2 --user ada");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("create table errand.block"), HasSubstr("create role errand_w2"),
                             HasSubstr("grant errand_user to \"ada\""), HasSubstr("-- pg_hba.conf")));
  auto json = shell.run("errand database init --dry-run --json").json();
  EXPECT_EQ(json["schema_before"], 0);
  EXPECT_THAT(json["sql"].get<std::string>(), HasSubstr("create schema errand"));
}

TEST(SetupCommand, RefusesWhatCannotBeMeant) {
  Shell shell;
  EXPECT_EQ(shell.run("errand database").code, 2);
  EXPECT_EQ(shell.run("errand database destroy").code, 2);
  Ran nameless = shell.run("errand database init");
  EXPECT_EQ(nameless.code, 2);
  EXPECT_THAT(nameless.err, HasSubstr("no database was named"));
  EXPECT_EQ(shell.run("errand database init --dry-run --workers -1").code, 2);
  Ran unreachable = shell.run("errand database init postgresql://ada:secret-word@127.0.0.1:1/errand");
  EXPECT_EQ(unreachable.code, 5);
  EXPECT_THAT(unreachable.err, testing::Not(HasSubstr("secret-word")));
}

}  // namespace
}  // namespace errand::cli
