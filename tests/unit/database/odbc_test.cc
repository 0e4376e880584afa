// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "database/connection_string.h"
#include "database/odbc_string.h"
#include "unit/client/scoped_variable.h"
#include "unit/client/scratch_directory.h"

namespace errand::database {
namespace {

using client::ScopedVariable;
using client::ScratchDirectory;
using testing::HasSubstr;
using Settings = std::map<std::string, std::string>;

Settings read_parameters(std::string_view text, const OdbcRegistry& registry = {}) {
  auto target = parse_connection_string(text, registry);
  EXPECT_TRUE(target.ok()) << text << ": " << (target ? "" : target.error().message);
  return target ? target->parameters : Settings{};
}

Error refusal(std::string_view text, const OdbcRegistry& registry = {}) {
  auto target = parse_connection_string(text, registry);
  EXPECT_FALSE(target.ok()) << text;
  return target ? Error{} : target.error();
}

TEST(SplitOdbc, ReadsBracesAndSpaces) {
  EXPECT_EQ(*split_odbc(" Driver = {PostgreSQL Unicode} ;; PWD={a;b}}c {x=1} ; A=b c ;"),
            (OdbcSettings{{"driver", "PostgreSQL Unicode"}, {"pwd", "a;b}c {x=1"}, {"a", "b c"}}));
  EXPECT_EQ(*split_odbc("a={};b=;c=x{y}"), (OdbcSettings{{"a", ""}, {"b", ""}, {"c", "x{y}"}}));
}

TEST(SplitOdbc, OfTwoSettingsTheFirstOneWins) {
  EXPECT_EQ(*split_odbc("Server=one;SERVER=two"), (OdbcSettings{{"server", "one"}}));
}

TEST(SplitOdbc, RefusesWhatIsNoSetting) {
  for (const char* text : {"a", "=x", "a={x", "a={x}}", "a={x} y;b=c", ";x;"}) {
    EXPECT_FALSE(split_odbc(text).ok()) << text;
  }
  EXPECT_TRUE(split_odbc("")->empty());
}

TEST(ReadOdbc, TakesTheStringsOfPsqlOdbc) {
  const Settings expected{{"host", "h"}, {"port", "5433"}, {"dbname", "d"}, {"user", "u"}, {"password", "p"}};
  for (const char* text :
       {"Driver=PostgreSQL Unicode;Server=h;Port=5433;Database=d;UID=u;PWD=p",
        "DRIVER={PostgreSQL ANSI};SERVERNAME=h;PORT=5433;DATABASE=d;Username=u;Password=p;",
        "Driver=/usr/lib/x86_64-linux-gnu/odbc/psqlodbcw.so;Server=h;Port=5433;Database=d;UID=u;PWD=p",
        "Driver=psqlodbca.so;Server=tcp:h,5433;Database=d;UID=u;PWD=p",
        "Port=5433;Server=h;Database=d;User=u;Password=p"}) {
    EXPECT_EQ(read_parameters(text), expected) << text;
  }
}

TEST(ReadOdbc, ADatabaseIsAName) {
  EXPECT_EQ(read_parameters("Database=host=evil user=postgres;Server=h"),
            (Settings{{"host", "h"}, {"dbname", "host=evil user=postgres"}}));
  EXPECT_EQ(read_parameters("Server=h;Database=postgresql://evil/x").at("dbname"), "postgresql://evil/x");
}

TEST(ReadOdbc, AServerIsOneHost) {
  EXPECT_EQ(read_parameters("Server=h , 5433;Database=d"),
            (Settings{{"host", "h"}, {"port", "5433"}, {"dbname", "d"}}));
  EXPECT_EQ(read_parameters("Server=/run/sock;Database=d").at("host"), "/run/sock");
  EXPECT_EQ(read_parameters("Server=(local);Database=d").at("host"), "localhost");
  EXPECT_EQ(read_parameters("Server=h,5433;Port=5433").at("port"), "5433");
  for (const char* text :
       {"Server=h,evil;Database=d", "Server=h,1,2;Database=d", "Server=h,;Database=d", "Server=h,1;Port=2",
        "Server=tcp:h,70000", "Server={a b};Database=d", "Server=h@x;Database=d"}) {
    EXPECT_EQ(refusal(text).code, ErrorCode::invalid_argument) << text;
  }
  EXPECT_THAT(refusal("Server=host\\instance;Database=d").message, HasSubstr("instance"));
}

TEST(ReadOdbc, HonoursEncrypt) {
  const auto mode = [](const std::string& settings) {
    const Settings parameters = read_parameters("Server=h;" + settings);
    return parameters.contains("sslmode") ? parameters.at("sslmode") : "";
  };
  EXPECT_EQ(mode("Encrypt=yes"), "verify-full");
  EXPECT_EQ(mode("Encrypt=True;TrustServerCertificate=yes"), "require");
  EXPECT_EQ(mode("Encrypt=strict;TrustServerCertificate=yes"), "verify-full");
  EXPECT_EQ(mode("Encrypt=no;TrustServerCertificate=yes"), "");
  EXPECT_EQ(mode("SSLmode=Require"), "require");
  EXPECT_EQ(mode("SSLmode=disable;Encrypt=yes"), "verify-full");
  EXPECT_EQ(mode("SSLmode=verify-ca;Encrypt=yes;TrustServerCertificate=1"), "verify-ca");
  EXPECT_EQ(refusal("Server=h;Encrypt=maybe").code, ErrorCode::invalid_argument);
  EXPECT_EQ(refusal("Server=h;Encrypt=yes;SSLmode=never").code, ErrorCode::invalid_argument);
}

TEST(ReadOdbc, ATrustedConnectionSendsNoPassword) {
  EXPECT_EQ(read_parameters("Server=h;Trusted_Connection=True;UID=u;PWD=p"),
            (Settings{{"host", "h"}, {"user", "u"}}));
  EXPECT_EQ(read_parameters("Server=h;Trusted_Connection=no;UID=u;PWD=p").at("password"), "p");
}

TEST(ReadOdbc, HonoursOrRefusesEverySetting) {
  EXPECT_EQ(read_parameters("Server=h;Connection Timeout=7;APP=a;MARS_Connection=yes;WSID=x"),
            (Settings{{"host", "h"}, {"connect_timeout", "7"}, {"application_name", "a"}}));
  EXPECT_THAT(refusal("Server=h;ColumnEncryption=Enabled").message, HasSubstr("'columnencryption'"));
}

TEST(ReadOdbc, SqlServerItselfIsRefusedWithASentence) {
  for (const char* driver :
       {"SQL Server", "{ODBC Driver 17 for SQL Server}", "FreeTDS", "SQL Server Native Client 11.0"}) {
    const Error error = refusal("Driver=" + std::string(driver) + ";Server=h;Database=d;UID=u;PWD=p");
    EXPECT_EQ(error.code, ErrorCode::not_supported) << driver;
    EXPECT_THAT(error.message, HasSubstr("SQL Server is not supported")) << driver;
    EXPECT_THAT(error.hint, HasSubstr("PostgreSQL"));
  }
  EXPECT_EQ(refusal("Driver=MySQL;Server=h").code, ErrorCode::not_supported);
}

TEST(ReadOdbc, ADriverIsLookedUp) {
  ScratchDirectory folder;
  folder.write("drivers.ini",
               "; drivers\n[SQL Server]\nDriver=psqlodbcw.so\n\n[odbc driver 17 for sql server]\n"
               "Driver = libmsodbcsql-17.so\nDriver64 = "
               "/usr/lib/odbc/psqlodbcw.so\n[PostgreSQL]\nDriver=libtdsodbc.so\n");
  ScopedVariable system("ODBCSYSINI", folder.path().c_str());
  ScopedVariable name("ODBCINSTINI", "drivers.ini");
  const auto registry = OdbcRegistry::of_this_process();
  EXPECT_EQ(read_parameters("Driver={sql server};Server=h;Database=d", registry),
            (Settings{{"host", "h"}, {"dbname", "d"}}));
  EXPECT_EQ(read_parameters("Driver=ODBC Driver 17 for SQL Server;Server=h", registry),
            (Settings{{"host", "h"}}));
  EXPECT_EQ(refusal("Driver=PostgreSQL;Server=h", registry).code, ErrorCode::not_supported);
}

TEST(ReadOdbc, ADataSourceStandsBehindTheString) {
  ScratchDirectory folder;
  folder.write(".odbc.ini",
               "[ODBC Data Sources]\nHere=x\n[here]\nDriver=PostgreSQL Unicode\nServername=h\nPort=6\n"
               "Database=d\nUsername=u\nPassword=p\nReadOnly=No\n# x\n");
  ScopedVariable home("HOME", folder.path().c_str());
  ScopedVariable user("ODBCINI", nullptr);
  ScopedVariable system("ODBCSYSINI", folder.path().c_str());
  const auto registry = OdbcRegistry::of_this_process();
  EXPECT_EQ(read_parameters("DSN=Here;Database=other;UID=me", registry),
            (Settings{{"host", "h"}, {"port", "6"}, {"dbname", "other"}, {"user", "me"}, {"password", "p"}}));
  EXPECT_THAT(refusal("DSN=There", registry).message, HasSubstr("odbc.ini"));
  folder.write("other.ini", "[here]\nDriver=SQL Server\nServer=h\n");
  ScopedVariable other("ODBCINI", (folder / "other.ini").c_str());
  EXPECT_EQ(refusal("DSN=Here", OdbcRegistry::of_this_process()).code, ErrorCode::not_supported);
}

TEST(ParseIni, PassesOverWhatItDoesNotKnow) {
  EXPECT_EQ(parse_ini("x=1\n[A b]\r\n K = v=w \r\nnoise\nk=second\n[open\n[]\nq=1"),
            (IniSections{{"a b", {{"k", "v=w"}}}, {"", {{"q", "1"}}}}));
}

}  // namespace
}  // namespace errand::database
