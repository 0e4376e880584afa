// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <set>

#include "errand/job_status.h"

namespace errand {
namespace {

constexpr JobStatus all[] = {JobStatus::queued,      JobStatus::running,  JobStatus::finished,
                             JobStatus::failed,      JobStatus::canceled, JobStatus::missing,
                             JobStatus::undetermined};

TEST(StatusWords, AreSpelledAsTheContractSpellsThem) {
  std::string spelled;
  for (JobStatus status : all) spelled += std::string(to_string(status)) + " ";
  EXPECT_EQ(spelled, "queued running finished failed canceled missing undetermined ");
}

TEST(StatusWords, AreReadBackInAnyCase) {
  for (JobStatus status : all) {
    std::string word(to_string(status));
    EXPECT_EQ(parse_job_status(word), status);
    word[0] = static_cast<char>(word[0] - 'a' + 'A');
    EXPECT_EQ(parse_job_status(word), status) << word;
  }
  EXPECT_EQ(parse_job_status("FINISHED"), JobStatus::finished);
}

TEST(StatusWords, OtherWordsAreNoStatus) {
  for (const char* word : {"", "none", "finish", "finishedd", "cancelled", " running", "runn\xc4\xb1ng"}) {
    EXPECT_EQ(parse_job_status(word), std::nullopt) << word;
  }
}

TEST(StatusWords, FourAreSettled) {
  std::set<JobStatus> settled;
  for (JobStatus status : all) {
    if (is_settled(status)) settled.insert(status);
  }
  EXPECT_EQ(settled, (std::set<JobStatus>{JobStatus::finished, JobStatus::failed, JobStatus::canceled,
                                          JobStatus::missing}));
}

}  // namespace
}  // namespace errand
