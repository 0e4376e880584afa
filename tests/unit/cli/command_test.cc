// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/session.h"
#include "unit/cli/shell.h"

namespace errand::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

/// The command as its users meet it: in a shell.
class Command : public ::testing::Test {
 protected:
  Shell shell;

  /// Submits, waits, gives the id.
  std::string ended_job(const std::string& exec) {
    return shell.run("id=$(errand exec " + exec + ") && { errand wait --quiet $id >/dev/null; echo $id; }")
        .line();
  }
};

TEST_F(Command, ExecPrintsTheIdAlone) {
  Ran ran = shell.run("errand exec --tasks 2 -- true");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(is_whole_id(ran.line())) << ran.out;
  EXPECT_THAT(ran.err, IsEmpty()) << "hints are for terminals";
}

TEST_F(Command, ExecWaitPrintsResultsAndTellsFailuresByItsCode) {
  Ran good = shell.run("errand exec --wait --tasks 2 -- echo task {index}");
  EXPECT_EQ(good.code, 0) << good.err;
  EXPECT_THAT(good.out, HasSubstr("   1  0           task 1\n"));
  Ran mixed = shell.run("errand exec --wait --tasks 2 -- sh -c 'exit {index}'");
  EXPECT_EQ(mixed.code, 1);
  EXPECT_THAT(mixed.out, HasSubstr("   1  1           exit code 1\n"));
  EXPECT_THAT(mixed.err, HasSubstr("1 of 2 tasks failed"));
  EXPECT_THAT(mixed.err, HasSubstr("errand retry"));
  Ran all = shell.run("errand exec --wait -- sh -c 'exit 3'");
  EXPECT_EQ(all.code, 1);
  EXPECT_THAT(all.err, HasSubstr("exit code 3"));
}

TEST_F(Command, TheProgramsOwnOptionsAreNotLookedAt) {
  Ran ran = shell.run("errand exec --wait -- echo --json -- '{{x}}'");
  EXPECT_THAT(ran.out, HasSubstr("--json -- {x}"));
}

TEST_F(Command, SeedsAreTheSameEveryTime) {
  std::string seeds = "errand exec --wait --tasks 3 --seed 42 -- echo {seed}";
  Ran first = shell.run(seeds);
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_EQ(first.out, shell.run(seeds).out);
  Ran info = shell.run("errand exec --seed auto -- true >id; errand info --json $(cat id)");
  EXPECT_TRUE(info.json()["seed"].is_number()) << info.out;
}

TEST_F(Command, StatusCheckTellsTheOutcome) {
  std::string good = ended_job("-- true");
  std::string bad = ended_job("-- false");
  EXPECT_EQ(shell.run("errand status " + bad).code, 0) << "the question was answered";
  EXPECT_EQ(shell.run("errand status --check " + bad).code, 1);
  EXPECT_EQ(shell.run("errand status --check " + good).code, 0);
  EXPECT_EQ(shell.run("errand status --check " + good + " " + bad).code, 1);
  EXPECT_EQ(shell.run("errand status --quiet " + good + " " + bad).out, "finished\nfailed\n");
}

TEST_F(Command, JobsAreNamedByTheirEnds) {
  std::string id = ended_job("-- true");
  EXPECT_EQ(shell.run("errand status --quiet " + id.substr(id.size() - 6)).out, "finished\n");
  EXPECT_EQ(shell.run("errand status --quiet " + id.substr(0, 12)).out, "finished\n");
  EXPECT_EQ(shell.run("errand status zzzzzz").code, 3);
  EXPECT_EQ(shell.run("errand status rxJob_00000000000000000000000000").code, 3);
}

TEST_F(Command, ResultsRemoveNothingUnlessTold) {
  std::string id = ended_job("--tasks 3 -- echo text");
  EXPECT_EQ(shell.run("errand results " + id).code, 0);
  EXPECT_EQ(shell.run("errand results " + id).code, 0);
  EXPECT_EQ(shell.run("errand results --cleanup " + id).code, 0);
  Ran gone = shell.run("errand results " + id);
  EXPECT_EQ(gone.code, 3);
  EXPECT_THAT(gone.err, HasSubstr("deleted"));
}

TEST_F(Command, ACutPipeEndsQuietlyAndRemovesNothing) {
  // More than a pipe holds, or the command may have written everything before the reader goes.
  std::string id = ended_job("--tasks 1000 -- echo " + std::string(200, 'x'));
  std::string head = "errand results --cleanup " + id + " | head -1; echo ${PIPESTATUS[0]}";
  Ran cut = shell.run(head);
  EXPECT_THAT(cut.out, HasSubstr("TASK"));
  EXPECT_THAT(cut.out, ::testing::EndsWith("141\n"));
  EXPECT_THAT(cut.err, IsEmpty());
  Ran ignored = shell.run("trap '' PIPE; " + head);
  EXPECT_THAT(ignored.out, ::testing::EndsWith("141\n")) << "also where the signal is ignored";
  EXPECT_THAT(ignored.err, Not(HasSubstr("errand:")));
  EXPECT_EQ(shell.run("errand status --quiet " + id).out, "finished\n");
}

TEST_F(Command, AFullDiskRemovesNothing) {
  std::string id = ended_job("-- true");
  Ran full = shell.run("errand results --cleanup " + id + " >/dev/full");
  EXPECT_EQ(full.code, 5);
  EXPECT_THAT(full.err, HasSubstr("No space left"));
  EXPECT_EQ(shell.run("errand status --quiet " + id).out, "finished\n");
}

TEST_F(Command, FailedTasksSurviveCleanupOfResults) {
  std::string id = ended_job("--tasks 2 -- sh -c 'exit {index}'");
  EXPECT_EQ(shell.run("errand results --cleanup " + id).code, 1);
  EXPECT_EQ(shell.run("errand status --quiet " + id).out, "finished\n");
}

TEST_F(Command, JsonRootsAreObjectsWithEverything) {
  std::string id = ended_job("--tasks 2 -- sh -c 'echo out {index}; exit {index}'");
  auto results = shell.run("errand results --json " + id).json();
  EXPECT_EQ(results["id"], id);
  EXPECT_EQ(results["failed"], 1);
  EXPECT_EQ(results["results"][0]["exit_code"], 0);
  EXPECT_EQ(results["results"][1]["exit_code"], 1);
  EXPECT_EQ(results["results"][1]["output"], "out 1\n");
  EXPECT_EQ(shell.run("errand status --json " + id).json()["jobs"][0]["progress"]["total"], 2);
  EXPECT_EQ(shell.run("errand jobs --json").json()["jobs"][0]["id"], id);
  EXPECT_EQ(shell.run("errand output --json " + id).json()["output"], "out 0\nout 1\n");
  EXPECT_EQ(shell.run("errand info --json " + id).json()["workers"].is_array(), true);
  EXPECT_TRUE(shell.run("errand inspect --json " + id).json()["records"].is_string());
  EXPECT_TRUE(shell.run("errand contexts --json").json()["contexts"].is_array());
  EXPECT_EQ(shell.run("errand cancel --json " + id).json()["jobs"][0]["canceled"], false);
  EXPECT_EQ(shell.run("errand cleanup --force --json " + id).json()["removed"][0], id);
  Ran missing = shell.run("errand results --json " + id);
  EXPECT_EQ(missing.code, 3);
  EXPECT_EQ(missing.json()["error"]["code"], "job_missing");
  EXPECT_THAT(missing.err, IsEmpty());
}

TEST_F(Command, OutputKeepsEveryByteInFilesAndFollowsLines) {
  std::string id = ended_job("--tasks 2 -- printf '\\033[1m{index}\\n'");
  EXPECT_EQ(shell.run("errand output " + id).out, "\x1b[1m0\n\x1b[1m1\n");
  EXPECT_EQ(shell.run("errand output --task 1 " + id).out, "\x1b[1m1\n");
  Ran followed = shell.run("errand output -f " + id);
  EXPECT_EQ(followed.code, 0);
  EXPECT_THAT(followed.out, HasSubstr("[1] \x1b[1m1\n"));
}

TEST_F(Command, ARunningJobCanBeWatchedAndCanceled) {
  std::string id = shell.run("errand exec --tasks 2 -- sh -c '[ {index} = 0 ] || sleep 600'").line();
  Ran early = shell.run("errand wait --timeout 0.2s " + id);
  EXPECT_EQ(early.code, 4);
  EXPECT_THAT(early.err, HasSubstr("errand wait"));
  Ran results = shell.run("errand results " + id);
  EXPECT_EQ(results.code, 4);
  EXPECT_THAT(results.err, HasSubstr("errand results --partial"));
  EXPECT_EQ(shell.run("errand results --partial " + id).code, 0);
  Ran kept = shell.run("errand cleanup " + id);
  EXPECT_EQ(kept.code, 1);
  EXPECT_THAT(kept.err, HasSubstr("--force"));
  EXPECT_EQ(shell.run("errand cancel " + id).code, 0);
  EXPECT_EQ(shell.run("errand status --quiet " + id).out, "canceled\n");
  EXPECT_EQ(shell.run("errand wait " + id).code, 1);
  EXPECT_THAT(shell.run("errand cleanup " + id).out, StartsWith("removed "));
}

TEST_F(Command, CtrlCLeavesTheJobRunning) {
  Ran ran = shell.run(
      "set -m\n"
      "errand exec --wait -- sh -c 'sleep 1' >out.txt 2>err.txt &\n"
      "until id=$(errand jobs --quiet 2>/dev/null) && [ -n \"$id\" ]; do sleep 0.05; done\n"
      "sleep 0.2; kill -INT $!; wait $!; echo $?; cat err.txt; errand wait --quiet $id");
  EXPECT_THAT(ran.out, StartsWith("130\n"));
  EXPECT_THAT(ran.out, HasSubstr("goes on"));
  EXPECT_THAT(ran.out, ::testing::EndsWith("finished\n"));
  EXPECT_EQ(ran.code, 0);
}

TEST_F(Command, RetryRunsWhatFailed) {
  std::string id = ended_job("--tasks 2 -- sh -c '[ {index} = 0 ] || [ -e ready ]'");
  Ran retried = shell.run("touch ready; errand retry " + id + " && errand wait --timeout 60s " + id);
  EXPECT_EQ(retried.code, 0) << retried.out << retried.err;
  EXPECT_THAT(retried.out, HasSubstr("1 task runs again"));
}

TEST_F(Command, CleanupByStatus) {
  std::string bad = ended_job("-- false");
  std::string good = ended_job("-- true");
  EXPECT_EQ(shell.run("errand cleanup --quiet --status failed,canceled").code, 0);
  EXPECT_EQ(shell.run("errand jobs --quiet").out, good + "\n");
  EXPECT_EQ(shell.run("errand cleanup").code, 2);
}

TEST_F(Command, JobsAreFilteredByStatusAndTime) {
  std::string bad = ended_job("-- false");
  std::string good = ended_job("-- true");
  EXPECT_EQ(shell.run("errand jobs --quiet").out, bad + "\n" + good + "\n") << "oldest first";
  EXPECT_EQ(shell.run("errand jobs --quiet --status failed").out, bad + "\n");
  EXPECT_EQ(shell.run("errand jobs --quiet --since 1h --until now").out, bad + "\n" + good + "\n");
  EXPECT_EQ(shell.run("errand jobs --quiet --until 1h").out, "");
  EXPECT_EQ(shell.run("errand jobs --status nonsense").code, 2);
  EXPECT_EQ(shell.run("errand jobs --since yesterday").code, 2);
}

TEST_F(Command, UsageErrorsSayWhatToDo) {
  Ran no_dashes = shell.run("errand exec ./simulate --seed 3");
  EXPECT_EQ(no_dashes.code, 2);
  EXPECT_THAT(shell.run("errand exec ./simulate").err, HasSubstr("errand exec -- ./simulate"));
  EXPECT_THAT(shell.run("errand exec --taks 3 -- true").err, HasSubstr("unknown option --taks"));
  EXPECT_THAT(shell.run("errand frobnicate").err, HasSubstr("unknown verb 'frobnicate'"));
  EXPECT_THAT(shell.run("errand").err, HasSubstr("a verb is missing"));
  EXPECT_THAT(shell.run("errand status -- last").err, HasSubstr("only exec"));
  EXPECT_THAT(shell.run("errand exec --tasks 0 -- true").err, HasSubstr("--tasks 0"));
  EXPECT_THAT(shell.run("errand exec --time-limit soon -- true").err, HasSubstr("'soon'"));
  EXPECT_EQ(shell.run("errand exec -- /no/such/program").code, 2);
  EXPECT_EQ(shell.run("errand exec -- echo {nonsense}").code, 2);
  EXPECT_EQ(shell.run("errand --context nonsense jobs").code, 2);
  EXPECT_EQ(shell.run("errand --json frobnicate").json()["error"]["code"], "invalid_argument");
}

TEST_F(Command, AContextInForceThatIsNoneIsNotThisMachine) {
  for (const char* verb : {"jobs", "exec -- true", "exec --dry-run -- true"}) {
    Ran ran = shell.run(std::string("ERRAND_CONTEXT=nosuch errand ") + verb);
    EXPECT_EQ(ran.code, 2) << verb << ran.out;
    EXPECT_THAT(ran.err, HasSubstr("there is no compute context 'nosuch'"));
    EXPECT_THAT(ran.err, HasSubstr("localpar")) << "it says which there are";
  }
  Ran ran = shell.run("ERRAND_CONTEXT=postgresql://u@h.example/d errand exec --dry-run -- true");
  EXPECT_THAT(ran.out, HasSubstr("on the database's host")) << ran.err;
}

TEST_F(Command, ADirectoryIsNoPlaceForJobsOfADatabase) {
  Ran ran = shell.run("errand --context postgresql://u@h.example/d --share-dir . exec --dry-run -- true");
  EXPECT_EQ(ran.code, 2) << ran.out;
  EXPECT_THAT(ran.err, HasSubstr("leave out --share-dir"));
}

TEST_F(Command, ANamedShareDirectoryIsTheOnlyOneLookedAt) {
  std::string id = ended_job("-- true");
  EXPECT_EQ(
      shell.run("errand --share-dir other exec -- true >/dev/null; errand --share-dir other status " + id)
          .code,
      3);
  EXPECT_EQ(shell.run("errand --share-dir ./nothing jobs").code, 5);
}

TEST_F(Command, LimitsAndEnvironmentReachTheTasks) {
  Ran ran = shell.run(
      "export COPIED=one; errand exec --wait --env COPIED --env GIVEN=two -- sh -c 'echo $COPIED $GIVEN'");
  EXPECT_THAT(ran.out, HasSubstr("one two"));
  Ran slow = shell.run("errand exec --wait --time-limit 200ms -- sleep 600");
  EXPECT_EQ(slow.code, 1);
  EXPECT_THAT(slow.err, HasSubstr("200 ms"));
}

}  // namespace
}  // namespace errand::cli
