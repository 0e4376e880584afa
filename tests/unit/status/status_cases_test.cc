// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <set>

#include "status/status.h"
#include "unit/status/case_file.h"

namespace errand::status {
namespace {

std::string rule_file(int rule) {
  return fmt::format("{}/tests/status_cases/rule_{:02}.case", ERRAND_SOURCE_DIR, rule);
}

std::string in_words(const Progress& p) {
  return fmt::format("{} {} {} {} {}", p.succeeded, p.failed, p.running, p.waiting, p.total);
}

TEST(StatusCases, EveryRuleHasCasesAndEveryCaseHolds) {
  for (int rule = 1; rule <= 13; ++rule) {
    const std::vector<StatusCase> cases = read_cases(rule_file(rule));
    EXPECT_FALSE(cases.empty()) << rule_file(rule);
    for (const StatusCase& one : cases) {
      SCOPED_TRACE(one.origin + ": " + one.name);
      for (const std::string& problem : one.problems) ADD_FAILURE() << problem;
      const StatusReport report = compute_status(one.evidence, one.engine);
      EXPECT_EQ(to_string(report.status), to_string(one.status));
      EXPECT_TRUE(matches(report.reason, one.reason)) << report.reason << "\nexpected: " << one.reason;
      EXPECT_EQ(in_words(report.progress), in_words(one.progress));
    }
  }
}

TEST(StatusCases, NoFileIsLeftOut) {
  std::set<std::string> expected;
  for (int rule = 1; rule <= 13; ++rule) expected.insert(rule_file(rule));
  for (const auto& entry : std::filesystem::directory_iterator(ERRAND_SOURCE_DIR "/tests/status_cases")) {
    const bool known = entry.path().filename() == "README.md" || expected.contains(entry.path());
    EXPECT_TRUE(known) << entry.path();
  }
}

TEST(StatusCases, AMisspelledCaseIsNoticed) {
  const std::string path = testing::TempDir() + "/misspelled.case";
  std::FILE* file = std::fopen(path.c_str(), "w");
  ASSERT_NE(file, nullptr);
  std::fputs("case: one\nplace: totl=1\nengine: alive=many\nstatus: done\nprogres: 1\n", file);
  std::fclose(file);
  const auto cases = read_cases(path);
  ASSERT_EQ(cases.size(), 1U);
  EXPECT_EQ(cases[0].problems.size(), 4U);
}

}  // namespace
}  // namespace errand::status
