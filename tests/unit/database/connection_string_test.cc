// SPDX-License-Identifier: Apache-2.0
#include "database/connection_string.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "unit/client/scoped_variable.h"
#include "unit/client/scratch_directory.h"

namespace errand::database {
namespace {

using testing::HasSubstr;
using testing::Not;
using Settings = std::map<std::string, std::string>;

Settings read(std::string_view text, const OdbcRegistry& registry = {}) {
  auto target = parse_connection_string(text, registry);
  EXPECT_TRUE(target.ok()) << text << ": " << (target ? "" : target.error().message);
  return target ? target->parameters : Settings{};
}

Error refused(std::string_view text, const OdbcRegistry& registry = {}) {
  auto target = parse_connection_string(text, registry);
  EXPECT_FALSE(target.ok()) << text;
  return target ? Error{} : target.error();
}

TEST(ReadUri, TakesEveryPart) {
  EXPECT_EQ(read("postgresql://ada:pw@db.example:5433/engine?sslmode=require&connect_timeout=5"),
            (Settings{{"user", "ada"},
                      {"password", "pw"},
                      {"host", "db.example"},
                      {"port", "5433"},
                      {"dbname", "engine"},
                      {"sslmode", "require"},
                      {"connect_timeout", "5"}}));
}

TEST(ReadUri, LeavesOutWhatIsNotSaid) {
  EXPECT_EQ(read("postgresql://"), Settings{});
  EXPECT_EQ(read("postgres:///engine"), (Settings{{"dbname", "engine"}}));
  EXPECT_EQ(read("postgresql://db:/?password="), (Settings{{"host", "db"}}));
  EXPECT_EQ(read("postgresql://ada@/"), (Settings{{"user", "ada"}}));
}

TEST(ReadUri, DecodesPercentSigns) {
  EXPECT_EQ(read("postgresql://%61da:p%40ss%2Fw%3Ard@%2Ftmp%2Fsock:5/d%20b"),
            (Settings{{"user", "ada"},
                      {"password", "p@ss/w:rd"},
                      {"host", "/tmp/sock"},
                      {"port", "5"},
                      {"dbname", "d b"}}));
  EXPECT_EQ(read("postgresql://u:p@/db?host=/sock&port=6"),
            (Settings{{"user", "u"}, {"password", "p"}, {"dbname", "db"}, {"host", "/sock"}, {"port", "6"}}));
}

TEST(ReadUri, ReadsAddressesInBrackets) {
  EXPECT_EQ(read("postgresql://[fe80::1%25eth0]:7/x"),
            (Settings{{"host", "fe80::1%eth0"}, {"port", "7"}, {"dbname", "x"}}));
  EXPECT_EQ(refused("postgresql://[::1/x").code, ErrorCode::invalid_argument);
  EXPECT_EQ(refused("postgresql://[::1]5432/x").code, ErrorCode::invalid_argument);
}

TEST(ReadUri, RefusesSeveralServers) {
  EXPECT_THAT(refused("postgresql://one:5432,two:5432/x").message, HasSubstr("several servers"));
  EXPECT_THAT(refused("postgresql://one,two/x").message, HasSubstr("several servers"));
  EXPECT_THAT(refused("postgresql:///x?host=one,two").message, HasSubstr("several servers"));
  EXPECT_THAT(refused("postgresql://h/x?hostaddr=127.0.0.1,127.0.0.2").message, HasSubstr("several servers"));
}

TEST(ReadUri, RefusesWhatIsNoUri) {
  for (const char* text :
       {"postgresql:/db", "postgres:x", "postgresqls://h/x", "postgresql://h/x?a", "postgresql://h/x?a=b=c",
        "postgresql://h/%zz", "postgresql://h/%0", "postgresql://h/%00", "postgresql://h:0/x",
        "postgresql://h:65536/x", "postgresql://h:5x/x", "postgresql://h/x?sslmode=maybe"}) {
    EXPECT_EQ(refused(text).code, ErrorCode::invalid_argument) << text;
  }
  EXPECT_THAT(refused("postgresql://h/x?sslmod=require").message, HasSubstr("'sslmod'"));
}

TEST(ReadKeywords, ReadsQuotesAndBackslashes) {
  EXPECT_EQ(
      read(" host = h\tport=5 dbname='a b' user='o\\'brien' password=a\\ b\\\\c"),
      (Settings{
          {"host", "h"}, {"port", "5"}, {"dbname", "a b"}, {"user", "o'brien"}, {"password", "a b\\c"}}));
  EXPECT_EQ(read("host=one host=two dbname=''"), (Settings{{"host", "two"}}));
}

TEST(ReadKeywords, RefusesWhatIsNoKeywordForm) {
  EXPECT_THAT(refused("host=h dbname").message, HasSubstr("word without ="));
  EXPECT_THAT(refused("host=h dbname='x").message, HasSubstr("quote"));
  EXPECT_THAT(refused("host=one,two").message, HasSubstr("several servers"));
  EXPECT_THAT(refused("host=h sslmod=require").message, HasSubstr("'sslmod'"));
  EXPECT_THAT(refused("").message, HasSubstr("empty"));
  EXPECT_THAT(refused("engine").hint, HasSubstr("postgresql://"));
}

TEST(ReadKeywords, APasswordLooksLikeNothingElse) {
  EXPECT_EQ(read("host=h password='a;Server=evil;Driver=x'"),
            (Settings{{"host", "h"}, {"password", "a;Server=evil;Driver=x"}}));
}

TEST(AnyForm, RefusesZeroBytes) {
  using namespace std::string_view_literals;
  for (std::string_view text : {"host=a\0b"sv, "postgresql://a\0b/c"sv, "Server=a\0b;Database=c"sv}) {
    EXPECT_THAT(refused(text).message, HasSubstr("zero byte"));
  }
}

TEST(AnyForm, NoErrorRepeatsAPassword) {
  const std::vector<std::string> texts{"postgresql://u:hun ter2@h:x/d",
                                       "postgresql://u:hun/ter2@h/d",
                                       "postgresql://u:hun@ter2@h/d",
                                       "postgresql://u:hun%ter2@h/d",
                                       "postgresql://u:hun,ter2:ter2/d",
                                       "postgresql://h/d?password=hun&ter2=1",
                                       "host=h password=hun ter2=x",
                                       "host=h password=hun ter2",
                                       "host=h password='ter2",
                                       "Server=h;PWD={ter2",
                                       "Server=h;PWD={hun}ter2;UID=x",
                                       "Server=h;PWD=hun;ter2",
                                       "Server=h;PWD=hun;ter2=x",
                                       "Server=h;PWD=hun;Encrypt=ter2",
                                       "Server=h;PWD=hun;Port=ter2",
                                       "Server=ter2,ter2;PWD=ter2",
                                       "Driver=ter2;PWD=ter2",
                                       "DSN=ter2;PWD=ter2",
                                       "ter2"};
  for (const std::string& text : texts) {
    const Error error = refused(text);
    EXPECT_THAT(error.message, Not(HasSubstr("ter2"))) << text;
    EXPECT_THAT(error.hint, Not(HasSubstr("ter2"))) << text;
  }
}

TEST(Target, ThePlaceHasNeitherPasswordNorOptions) {
  EXPECT_EQ(Target{read("postgresql://ada:pw@h:5/d?sslmode=require")}.place(), "postgresql://ada@h:5/d");
}

TEST(Target, ThePlaceIsReadBackAsItself) {
  for (const Settings& parameters :
       {Settings{{"host", "/tmp/so ck"}, {"port", "5432"}, {"dbname", "a/b?c=d&e"}, {"user", "o@:/'"}},
        Settings{{"host", "fe80::1%eth0"}, {"dbname", "x"}}, Settings{{"service", "here"}},
        Settings{{"dbname", "host=evil user=postgres"}}, Settings{}}) {
    const Target target{parameters};
    EXPECT_EQ(read(target.place()), parameters) << target.place();
    EXPECT_EQ(Target{read(target.place())}.place(), target.place());
    EXPECT_TRUE(is_database_place(target.place()));
  }
  EXPECT_FALSE(is_database_place("/srv/postgresql:/x"));
  EXPECT_FALSE(is_database_place("postgresqlx"));
}

TEST(TargetOf, GivesThePasswordBackInThisProcess) {
  const Target first{{{"host", "h1"}, {"user", "u"}, {"password", "one"}}};
  remember_target(first);
  EXPECT_EQ(*target_of("postgresql://u@h1/"), first);
  EXPECT_EQ(*target_of("postgres://u@h1"), first);
  Target second = first;
  second.parameters["password"] = "two";
  remember_target(second);
  EXPECT_EQ(*target_of(first.place()), second);
  EXPECT_EQ(target_of("postgresql://u@h2/d")->parameters,
            (Settings{{"host", "h2"}, {"user", "u"}, {"dbname", "d"}}));
  EXPECT_EQ(target_of("postgresql://u:three@h1/")->parameters.at("password"), "three");
  EXPECT_FALSE(target_of("/srv/errand").ok());
}

}  // namespace
}  // namespace errand::database
