// SPDX-License-Identifier: Apache-2.0
#include "share/names.h"

#include <gtest/gtest.h>

#include <set>

namespace errand::share {
namespace {

constexpr std::int64_t noon_ns = 1'700'000'000'123'456'789;

TEST(JobId, CarriesItsTimeAndSortsByIt) {
  std::string early = make_job_id(noon_ns);
  std::string late = make_job_id(noon_ns + 1'000'000);
  EXPECT_EQ(early.size(), id_length);
  EXPECT_EQ(id_time_ms(early), noon_ns / 1'000'000);
  EXPECT_LT(early, late);
}

TEST(JobId, NeverComesTwice) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(make_job_id(noon_ns)).second);
}

TEST(JobId, IsComparedWithoutCase) {
  std::string id = make_job_id(noon_ns);
  std::string loud = id;
  for (char& c : loud) c = static_cast<char>(toupper(c));
  EXPECT_EQ(parse_job_id(loud), id);
}

TEST(JobId, RefusesWhatMustNotBecomeAPath) {
  std::string id = make_job_id(noon_ns);
  std::string traversal = id;
  traversal.replace(6, 3, "../");
  std::string zero = id;
  zero[10] = '\0';
  std::string excluded = id;
  excluded[8] = 'u';  // Crockford leaves out i, l, o, u
  std::string too_large = id;
  too_large[6] = '8';
  for (const std::string& text :
       {std::string(), std::string("../../etc/passwd"), traversal, zero, excluded, too_large, id + "0",
        id.substr(1), "rxjob-" + id.substr(6), std::string("rxJob_")}) {
    EXPECT_EQ(parse_job_id(text), std::nullopt) << text;
  }
}

TEST(JobId, PartsAreFourCharactersOrMore) {
  std::string id = make_job_id(noon_ns);
  EXPECT_TRUE(is_id_part(id.substr(26)));
  EXPECT_TRUE(is_id_part(id.substr(0, 9)));
  EXPECT_FALSE(is_id_part("abc"));
  EXPECT_FALSE(is_id_part("../."));
  EXPECT_FALSE(is_id_part("ab/cd"));
}

TEST(JobFileName, RoundTripsEveryKind) {
  using Kind = JobFileName::Kind;
  for (Kind kind : {Kind::job, Kind::program, Kind::claim, Kind::log, Kind::values, Kind::console,
                    Kind::progress, Kind::request, Kind::verdict, Kind::seal, Kind::fetched, Kind::submission,
                    Kind::accepted, Kind::printed}) {
    JobFileName name;
    name.kind = kind;
    if (kind == Kind::claim) name.chunk = 7, name.generation = 2;
    if (kind == Kind::log || kind == Kind::values || kind == Kind::console || kind == Kind::progress) {
      name.chunk = 1, name.generation = 20, name.worker = 4294967295;
    }
    if (kind == Kind::request || kind == Kind::submission || kind == Kind::accepted) name.number = 3;
    if (kind == Kind::printed) name.number = 2, name.element = 0;
    if (kind == Kind::fetched) name.reader = "host-1234";
    auto parsed = parse_job_file_name(to_name(name));
    ASSERT_TRUE(parsed) << to_name(name);
    EXPECT_EQ(*parsed, name);
  }
}

TEST(JobFileName, RefusesWhatItCouldNotHaveMade) {
  for (const char* text : {"",
                           "jobs",
                           "job.1",
                           "log",
                           "log.",
                           "log.1",
                           "log.1.2",
                           "log.1.2.3.4",
                           "log.01.2.3",
                           "log.-1.2.3",
                           "log.1.2.x",
                           "log.4294967296.0.0",
                           "claim.0",
                           "claim.0.1.2",
                           "request.0",
                           "request.+1",
                           "request.",
                           "fetched",
                           "fetched.",
                           "fetched.a/b",
                           "fetched...",
                           "seal2",
                           "verdict ",
                           "LOG.1.2.3",
                           "submission.0",
                           "accepted",
                           "printed.1",
                           "printed.0.1",
                           "printed.1.2.3"}) {
    EXPECT_EQ(parse_job_file_name(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace errand::share
