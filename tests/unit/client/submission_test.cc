// SPDX-License-Identifier: Apache-2.0
#include "client/submission.h"

#include <elf.h>
#include <gmock/gmock.h>

#include "client/program_file.h"
#include "client_fixture.h"
#include "engine/own_program.h"

namespace errand::client {
namespace {

using ::testing::HasSubstr;

double area(double radius) {
  return radius * radius;
}
const auto area_job = function("client_test.area", area);

class SubmissionTest : public ClientTest {
 protected:
  std::string program(const std::string& content, bool executable = true) {
    const std::string path = root_ + "/program";
    std::ofstream(path, std::ios::binary) << content;
    std::filesystem::permissions(
        path, executable ? std::filesystem::perms::owner_all : std::filesystem::perms::owner_read);
    return path;
  }
};

TEST(CountTasksTest, TimesAndLengthsMustAgree) {
  ExecOptions options;
  EXPECT_EQ(*count_tasks(options, std::nullopt, false), 1U);
  EXPECT_EQ(*count_tasks(options, 7, false), 7U);
  EXPECT_EQ(*count_tasks(options, 0, false), 0U);
  EXPECT_FALSE(count_tasks(options, 7, true).ok());
  options.times = -1;
  EXPECT_EQ(*count_tasks(options, 7, false), 7U);
  options.times = 5;
  EXPECT_EQ(*count_tasks(options, std::nullopt, false), 5U);
  EXPECT_EQ(*count_tasks(options, 5, false), 5U);
  EXPECT_THAT(count_tasks(options, 7, false).error().message, HasSubstr("5 tasks"));
  for (std::int64_t bad : {0, -2, -100}) {
    options.times = bad;
    EXPECT_EQ(count_tasks(options, std::nullopt, false).error().code, ErrorCode::invalid_argument) << bad;
  }
}

TEST_F(SubmissionTest, AProgramThatNeverCalledInitCannotRunItsFunctions) {
  if (engine::is_own_program()) GTEST_SKIP() << "an earlier test of this process called it";
  ComputeContext context = manifest().context;
  context.wait = false;
  auto job = exec(context, area_job, each(std::vector<double>()));
  ASSERT_FALSE(job.ok());
  EXPECT_EQ(job.error().code, ErrorCode::not_supported);
  EXPECT_THAT(job.error().hint, HasSubstr("errand::init(argc, argv)"));
  EXPECT_TRUE(get_jobs(context)->empty());
}

TEST_F(SubmissionTest, AnEmptyRangeIsSealedAtOnceWithItsManifest) {
  engine::set_own_program();
  ComputeContext context = manifest().context;
  context.wait = false;
  auto job = exec(context, area_job, each(std::vector<double>()), seed(5), console_output(true));
  ASSERT_TRUE(job.ok()) << job.error().message;
  auto directory = open(*job);
  ASSERT_TRUE(directory->seal().has_value());
  EXPECT_EQ(get_job_status(*job)->status, JobStatus::finished);
  auto recorded = directory->manifest();
  ASSERT_TRUE(recorded.ok());
  EXPECT_EQ((*recorded)->function, "client_test.area");
  EXPECT_EQ((*recorded)->seed, 5U);
  EXPECT_TRUE((*recorded)->context.console_output);
  EXPECT_EQ((*recorded)->context.share_dir, place->path());
  EXPECT_EQ((*recorded)->submitter, system::system_processes().self());
  EXPECT_EQ((*recorded)->worker.argv[0], "@program");
  EXPECT_TRUE(place->active_ids()->empty());
  EXPECT_EQ(last_pending_job()->id(), job->id());
}

TEST_F(SubmissionTest, ContextsThatCannotBeMeantAreRefused) {
  ComputeContext context = manifest().context;
  context.cores = -1;
  EXPECT_EQ(Submission::begin(context, {}).error().code, ErrorCode::invalid_argument);
  context.cores = 0;
  context.engine = "abacus";
  EXPECT_EQ(Submission::begin(context, {}).error().code, ErrorCode::not_supported);
}

TEST_F(SubmissionTest, ProgramsAreLookedUpInPath) {
  const std::string path = program("#!/bin/sh\n");
  EXPECT_EQ(*find_program("program", "/nowhere:" + root_), path);
  EXPECT_EQ(*find_program(path, ""), path);
  EXPECT_THAT(find_program("program", "/nowhere").error().message, HasSubstr("PATH"));
  EXPECT_FALSE(find_program("", "/bin").ok());
}

TEST_F(SubmissionTest, WhatCannotBeRunSaysWhy) {
  EXPECT_THAT(find_program(program("text", false), "").error().message, HasSubstr("not executable"));
  EXPECT_THAT(find_program(root_, "").error().message, HasSubstr("directory"));
  EXPECT_THAT(find_program(root_ + "/nothing", "").error().message, HasSubstr("No such file"));
}

TEST_F(SubmissionTest, AProgramOfAnotherMachineIsRefusedWithBothNames) {
  std::string elf(64, '\0');
  elf.replace(0, 4, "\177ELF");
  elf[EI_CLASS] = ELFCLASS64;
  elf[EI_DATA] = ELFDATA2LSB;
  elf[18] = static_cast<char>(EM_S390 & 0xff);
  auto refused = find_program(program(elf), "");
#if defined(__s390x__)
  EXPECT_TRUE(refused.ok());
#else
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, HasSubstr("built for s390, this machine is"));
#endif
}

}  // namespace
}  // namespace errand::client
