// SPDX-License-Identifier: Apache-2.0
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>

#include "unit/cli/shell.h"

namespace errand::cli {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

/// A shell in which a command answers as Slurm's does when it is asked for its limits.
class DryRun : public ::testing::Test {
 protected:
  [[nodiscard]] Ran run(const std::string& options) const {
    return shell.run(
        "mkdir -p bin; printf '#!/bin/sh\\necho \"MaxArraySize = 65\"\\necho \"MaxJobCount = 10000\"\\n' "
        ">bin/scontrol\n"
        "printf '#!/bin/sh\\necho submitted >submitted\\n' >bin/sbatch; chmod +x bin/*; PATH=$PWD/bin:$PATH\n"
        "errand exec --share-dir \"$PWD/place\" --dry-run " +
        options + "\ncode=$?; ls -d place submitted 2>/dev/null; exit $code");
  }
  /// What differs from run to run, replaced.
  [[nodiscard]] std::string settled(std::string text) const {
    text = std::regex_replace(text, std::regex("rxJob_[0-9a-z]{26}"), "rxJob_01m7z0k3v6cqzbzydnv2ch017p");
    text = std::regex_replace(text, std::regex("[^ =]*/place"), "/scratch/ada/errand");
    return std::regex_replace(text, std::regex("exec [^ ]*errand "), "exec /usr/bin/errand ");
  }

  Shell shell;
};

TEST_F(DryRun, OfASchedulerShowsItsCommandAndTheScript) {
  Ran ran = run("--context slurm --tasks 300 -- true");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const std::string path = std::string(ERRAND_SOURCE_DIR) + "/tests/golden/dry_run.txt";
  if (std::getenv("ERRAND_ACCEPT_GOLDEN") != nullptr) std::ofstream(path) << settled(ran.out);
  std::ifstream file(path);
  const std::string expected{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(settled(ran.out), expected) << "ERRAND_ACCEPT_GOLDEN=1 accepts the new text";
}

TEST_F(DryRun, QuietIsTheScriptAndJsonHasEverything) {
  Ran quiet = run("--context slurm --quiet -- true");
  EXPECT_THAT(quiet.out, StartsWith("#!/bin/sh\n#SBATCH --job-name=rxJob_"));
  auto json = run("--context slurm --json -- true").json();
  EXPECT_EQ(json["argv"], nlohmann::json({"sbatch", "--parsable"}));
  EXPECT_EQ(settled(json["script"]), settled(quiet.out));
}

TEST_F(DryRun, OfThisMachineIsASentence) {
  Ran ran = run("--tasks 3 --cores 2 -- true");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(settled(ran.out),
            "The agent of /scratch/ada/errand would run 3 tasks on this machine, 2 at a time.\n");
}

TEST_F(DryRun, WhatASubmissionWouldRefuseIsRefused) {
  Ran program = run("-- /no/such/program");
  EXPECT_NE(program.code, 0);
  EXPECT_THAT(program.err, HasSubstr("/no/such/program"));
  EXPECT_EQ(run("--wait -- true").code, 2);
  EXPECT_EQ(program.out, "");
}

}  // namespace
}  // namespace errand::cli
