// SPDX-License-Identifier: Apache-2.0
#include "share/submission_record.h"

#include <gtest/gtest.h>

namespace errand::share {
namespace {

SubmissionRecord sample_submission() {
  SubmissionRecord record;
  record.engine = "slurm";
  record.name = "rxJob_a-1";
  record.first_chunk = 7;
  record.elements = 3;
  record.workers = 2;
  record.tasks = {{0, 2}, {5, 6}, {10, 20}};
  return record;
}

TEST(SubmissionRecord, ComesBackAsItWas) {
  auto back = decode_submission(encode(sample_submission()));
  ASSERT_TRUE(back.ok()) << back.error().message;
  EXPECT_EQ(back->name, "rxJob_a-1");
  EXPECT_EQ(back->first_chunk, 7U);
  EXPECT_EQ(back->elements, 3U);
  EXPECT_EQ(back->workers, 2U);
  EXPECT_EQ(back->tasks, sample_submission().tasks);
}

TEST(SubmissionRecord, ElementsShareTheTasksEvenlyAndInOrder) {
  SubmissionRecord record = sample_submission();
  EXPECT_EQ(count(record.tasks), 13U);
  EXPECT_EQ(tasks_of(record, 0), (TaskRuns{{0, 2}, {5, 6}, {10, 12}}));
  EXPECT_EQ(tasks_of(record, 1), (TaskRuns{{12, 16}}));
  EXPECT_EQ(tasks_of(record, 2), (TaskRuns{{16, 20}}));
}

TEST(SubmissionRecord, EveryTaskHasExactlyOneElement) {
  for (std::uint32_t elements = 1; elements < 20; ++elements) {
    SubmissionRecord record = sample_submission();
    record.elements = elements;
    std::vector<std::uint64_t> all;
    for (std::uint32_t k = 0; k < elements; ++k) {
      for (auto [first, last] : tasks_of(record, k)) {
        for (std::uint64_t task = first; task < last; ++task) all.push_back(task);
      }
    }
    EXPECT_EQ(all, (std::vector<std::uint64_t>{0, 1, 5, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19})) << elements;
  }
}

TEST(SubmissionRecord, NonsenseIsRefused) {
  SubmissionRecord none = sample_submission();
  none.elements = 0;
  EXPECT_FALSE(decode_submission(encode(none)).ok());
  SubmissionRecord backwards = sample_submission();
  backwards.tasks = {{5, 6}, {0, 2}};
  EXPECT_FALSE(decode_submission(encode(backwards)).ok());
  EXPECT_FALSE(decode_submission("").ok());
  EXPECT_FALSE(decode_submission("\x81\xa6"
                                 "engine\x01")
                   .ok());
  EXPECT_FALSE(decode_acceptance("\xc1").ok());
}

TEST(SubmissionRecord, AnAnswerComesBackAsItWas) {
  Acceptance acceptance{"", "sbatch did not answer", true, 5};
  auto back = decode_acceptance(encode(acceptance));
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->id, "");
  EXPECT_EQ(back->problem, acceptance.problem);
  EXPECT_TRUE(back->doubtful);
}

}  // namespace
}  // namespace errand::share
