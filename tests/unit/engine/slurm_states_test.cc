// SPDX-License-Identifier: Apache-2.0
#include "engine/slurm/states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace errand::engine::slurm {
namespace {

using scheduler::ElementState;
using ::testing::HasSubstr;

struct SlurmStateCase {
  const char* state;
  const char* reason;
  ElementState expected;
  bool blocked;
  const char* words;
};

class SlurmStates : public ::testing::TestWithParam<SlurmStateCase> {};

TEST_P(SlurmStates, HasOneMeaning) {
  const SlurmStateCase& given = GetParam();
  Meaning meaning = read_state(given.state, given.reason);
  EXPECT_EQ(meaning.state, given.expected);
  EXPECT_EQ(meaning.blocked, given.blocked);
  EXPECT_THAT(meaning.reason, HasSubstr(given.words));
}

INSTANTIATE_TEST_SUITE_P(
    Words, SlurmStates,
    ::testing::Values(
        SlurmStateCase{"PENDING", "Resources", ElementState::waiting, false,
                       "waiting for free resources (Resources)"},
        SlurmStateCase{"PENDING", "Priority", ElementState::waiting, false, "other jobs go first (Priority)"},
        SlurmStateCase{"PENDING", "None", ElementState::waiting, false, "not looked"},
        SlurmStateCase{"PENDING", "", ElementState::waiting, false, "waiting"},
        SlurmStateCase{"PENDING", "JobArrayTaskLimit", ElementState::waiting, false, "(JobArrayTaskLimit)"},
        SlurmStateCase{"PENDING", "BeginTime", ElementState::waiting, false, "start time"},
        SlurmStateCase{"PENDING", "JobHeldUser", ElementState::waiting, true, "scontrol release"},
        SlurmStateCase{"PENDING", "JobHeldAdmin", ElementState::waiting, true, "administrator"},
        SlurmStateCase{"PENDING", "DependencyNeverSatisfied", ElementState::waiting, true, "can no longer"},
        SlurmStateCase{"PENDING", "PartitionTimeLimit", ElementState::waiting, true, "more time"},
        SlurmStateCase{"PENDING", "launch failed requeued held", ElementState::waiting, true, "held"},
        SlurmStateCase{"PENDING", "ReqNodeNotAvail, UnavailableNodes:n1", ElementState::waiting, false,
                       "(ReqNodeNotAvail, UnavailableNodes:n1)"},
        SlurmStateCase{
            "PENDING",
            "Nodes required for job are DOWN, DRAINED or reserved for jobs in higher priority partitions",
            ElementState::waiting, false, "down, drained or reserved"},
        SlurmStateCase{"PENDING", "QOSMaxCpuPerUserLimit", ElementState::waiting, false,
                       "quality of service"},
        SlurmStateCase{"PENDING", "AssocGrpCpuLimit", ElementState::waiting, false, "its account"},
        SlurmStateCase{"PENDING", "SomethingNew", ElementState::waiting, false, "Slurm says: SomethingNew"},
        SlurmStateCase{"CONFIGURING", "None", ElementState::waiting, false, "made ready"},
        SlurmStateCase{"REQUEUED", "None", ElementState::waiting, false, "REQUEUED"},
        SlurmStateCase{"REQUEUE_HOLD", "job requeued in held state", ElementState::waiting, true, "held"},
        SlurmStateCase{"SPECIAL_EXIT", "None", ElementState::waiting, true, "special exit"},
        SlurmStateCase{"RUNNING", "None", ElementState::alive, false, "running"},
        SlurmStateCase{"COMPLETING", "None", ElementState::alive, false, "ending"},
        SlurmStateCase{"SUSPENDED", "None", ElementState::alive, false, "suspended"},
        SlurmStateCase{"COMPLETED", "None", ElementState::ended, false, "(COMPLETED)"},
        SlurmStateCase{"FAILED", "NonZeroExitCode", ElementState::ended, false, "(FAILED, NonZeroExitCode)"},
        SlurmStateCase{"FAILED", "JobLaunchFailure", ElementState::ended, false, "JobLaunchFailure"},
        SlurmStateCase{"CANCELLED", "None", ElementState::ended, false, "not by errand"},
        SlurmStateCase{"CANCELLED by 1000", "", ElementState::ended, false, "not by errand"},
        SlurmStateCase{"TIMEOUT", "TimeLimit", ElementState::ended, false, "time limit"},
        SlurmStateCase{"OUT_OF_MEMORY", "OutOfMemory", ElementState::ended, false, "out of memory"},
        SlurmStateCase{"NODE_FAIL", "NodeDown", ElementState::ended, false, "node was lost"},
        SlurmStateCase{"BOOT_FAIL", "None", ElementState::ended, false, "boot"},
        SlurmStateCase{"DEADLINE", "DeadLine", ElementState::ended, false, "deadline"},
        SlurmStateCase{"PREEMPTED", "None", ElementState::ended, false, "higher priority"},
        SlurmStateCase{"DREAMING", "None", ElementState::unknown, false, "DREAMING"},
        SlurmStateCase{"", "", ElementState::unknown, false, "does not know"},
        SlurmStateCase{"completed", "", ElementState::unknown, false, "completed"}));

TEST(SlurmStatesTotal, NoBytesAreTakenForAnEnd) {
  for (int c = 0; c < 256; ++c) {
    const std::string word(3, static_cast<char>(c));
    EXPECT_EQ(read_state(word, word).state, ElementState::unknown) << c;
  }
}

}  // namespace
}  // namespace errand::engine::slurm
