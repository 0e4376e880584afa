// SPDX-License-Identifier: Apache-2.0
#include "engine/grid_engine/states.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace errand::engine::grid_engine {
namespace {

using scheduler::ElementState;
using ::testing::HasSubstr;

struct GridEngineStateCase {
  const char* letters;
  ElementState state;
  bool blocked;
  const char* says;
};

class GridEngineStates : public ::testing::TestWithParam<GridEngineStateCase> {};

TEST_P(GridEngineStates, HasOneMeaning) {
  const GridEngineStateCase& given = GetParam();
  const Meaning meaning = read_state(given.letters, false);
  EXPECT_EQ(meaning.state, given.state) << given.letters;
  EXPECT_EQ(meaning.blocked, given.blocked) << given.letters;
  EXPECT_THAT(meaning.reason, HasSubstr(given.says)) << given.letters;
}

// The states of sge_status(5).
INSTANTIATE_TEST_SUITE_P(
    Letters, GridEngineStates,
    ::testing::Values(GridEngineStateCase{"qw", ElementState::waiting, false, "waiting for free slots (qw)"},
                      GridEngineStateCase{"Rq", ElementState::waiting, false, "put back into the queue (Rq)"},
                      GridEngineStateCase{"hqw", ElementState::waiting, true, "qrls"},
                      GridEngineStateCase{"hRwq", ElementState::waiting, true, "held"},
                      GridEngineStateCase{"Eqw", ElementState::waiting, true, "qmod -cj"},
                      GridEngineStateCase{"Ehqw", ElementState::waiting, true, "could not be started"},
                      GridEngineStateCase{"EhRqw", ElementState::waiting, true, "could not be started"},
                      GridEngineStateCase{"dqw", ElementState::waiting, false, "being deleted"},
                      GridEngineStateCase{"r", ElementState::alive, false, "running (r)"},
                      GridEngineStateCase{"hr", ElementState::alive, false, "running (hr)"},
                      GridEngineStateCase{"t", ElementState::alive, false, "being started"},
                      GridEngineStateCase{"Rr", ElementState::alive, false, "running"},
                      GridEngineStateCase{"Rt", ElementState::alive, false, "being started"},
                      GridEngineStateCase{"s", ElementState::alive, false, "suspended"},
                      GridEngineStateCase{"ts", ElementState::alive, false, "suspended"},
                      GridEngineStateCase{"S", ElementState::alive, false, "with its queue"},
                      GridEngineStateCase{"T", ElementState::alive, false, "overloaded"},
                      GridEngineStateCase{"RtS", ElementState::alive, false, "with its queue"},
                      GridEngineStateCase{"dr", ElementState::alive, false, "being deleted (dr)"},
                      GridEngineStateCase{"dRT", ElementState::alive, false, "being deleted"},
                      GridEngineStateCase{"z", ElementState::ended, false, "ended"},
                      GridEngineStateCase{"", ElementState::unknown, false, "does not know"},
                      GridEngineStateCase{"X", ElementState::unknown, false, "X"},
                      GridEngineStateCase{"rX", ElementState::unknown, false, "rX"},
                      GridEngineStateCase{"h", ElementState::unknown, false, "does not know"},
                      GridEngineStateCase{"zz", ElementState::unknown, false, "does not know"}));

TEST(GridEngineHold, ForTheSakeOfAnotherJobEndsByItself) {
  EXPECT_FALSE(read_state("hqw", true).blocked);
  EXPECT_THAT(read_state("hqw", true).reason, HasSubstr("another job"));
  EXPECT_TRUE(read_state("Ehqw", true).blocked);
}

TEST(GridEngineEnd, SaysTheCommandThatIsMissingAndTheLimitThatWasReached) {
  EXPECT_THAT(read_end(0, "", 127), HasSubstr("not found on its node"));
  EXPECT_THAT(read_end(0, "", 75), HasSubstr("before all tasks were done (failed 0, exit 75)"));
  EXPECT_THAT(read_end(37, "qmaster enforced h_rt limit", 137), HasSubstr("time limit was reached"));
  EXPECT_THAT(read_end(77, "new", 1), HasSubstr("(failed 77, new, exit 1)"));
}

}  // namespace
}  // namespace errand::engine::grid_engine
