// SPDX-License-Identifier: Apache-2.0
#include "errand/compute_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <unistd.h>

#include <thread>

#include "unit/client/scoped_variable.h"
#include "unit/client/scratch_directory.h"

namespace errand::client {
namespace {

using testing::HasSubstr;
using testing::Not;

/// A user with a configuration directory of their own and nothing set.
class ComputeContextTest : public testing::Test {
 protected:
  ScratchDirectory scratch_;
  ScopedVariable config_{"XDG_CONFIG_HOME", scratch_.path().c_str()};
  ScopedVariable state_{"XDG_STATE_HOME", "/state"};
  ScopedVariable name_{"ERRAND_CONTEXT", nullptr};
  ScopedVariable place_{"ERRAND_SHARE_DIR", nullptr};
  ScopedVariable cores_{"ERRAND_CORES", nullptr};
};

TEST_F(ComputeContextTest, LocalContextsKeepTheFieldsTheyAreGiven) {
  ComputeContext base;
  base.wait = false;
  base.cores = 2;
  EXPECT_TRUE(LocalSeq(base).sequential);
  EXPECT_FALSE(LocalParallel(LocalSeq(base)).sequential);
  EXPECT_EQ(LocalParallel(base).cores, 2);
  EXPECT_FALSE(LocalSeq(base).wait);
}

TEST_F(ComputeContextTest, BuiltInNamesNeedNoFile) {
  const auto context = make_compute_context("RxLocalParallel");
  ASSERT_TRUE(context.ok());
  EXPECT_EQ(*context, LocalParallel());
}

TEST_F(ComputeContextTest, NamedContextsComeFromTheFileAndTheEnvironmentOverridesThem) {
  scratch_.write("errand/config.toml", "[contexts.night]\ncores = 4\nshare_dir = \"/night\"\n");
  EXPECT_EQ(make_compute_context("night")->cores, 4);
  EXPECT_EQ(make_compute_context("night")->share_dir, "/night");
  const ScopedVariable cores("ERRAND_CORES", "2");
  const ScopedVariable place("ERRAND_SHARE_DIR", "/other");
  EXPECT_EQ(make_compute_context("night")->cores, 2);
  EXPECT_EQ(make_compute_context("night")->share_dir, "/other");
}

TEST_F(ComputeContextTest, ABadFileIsAnErrorWithFileAndLine) {
  scratch_.write("errand/config.toml", "[contexts.night]\ncorse = 4\n");
  const auto context = make_compute_context("local");
  ASSERT_FALSE(context.ok());
  EXPECT_EQ(context.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(context.error().message, HasSubstr(scratch_ / "errand/config.toml:2:"));
  EXPECT_FALSE(list_compute_contexts().ok());
}

TEST_F(ComputeContextTest, AFileThatCannotBeReadIsAnError) {
  std::filesystem::create_directories(scratch_ / "errand/config.toml");
  const auto context = make_compute_context("local");
  ASSERT_FALSE(context.ok());
  EXPECT_EQ(context.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(context.error().message, HasSubstr("config.toml"));
}

TEST_F(ComputeContextTest, TheFileMayBeASymbolicLink) {
  scratch_.write("dotfiles/errand.toml", "[contexts.night]\ncores = 4\n");
  std::filesystem::create_directories(scratch_ / "errand");
  std::filesystem::create_symlink(scratch_ / "dotfiles/errand.toml", scratch_ / "errand/config.toml");
  EXPECT_TRUE(make_compute_context("night").ok());
}

TEST_F(ComputeContextTest, TheDefaultIsNamedByTheEnvironmentElseTheFileElseLocal) {
  EXPECT_EQ(*make_compute_context("default"), LocalSeq());
  scratch_.write("errand/config.toml",
                 "[defaults]\ncontext = \"day\"\n[contexts.day]\ncores = 1\n[contexts.night]\ncores = 2\n");
  EXPECT_EQ(make_compute_context("default")->cores, 1);
  const ScopedVariable night("ERRAND_CONTEXT", "night");
  EXPECT_EQ(make_compute_context("default")->cores, 2);
  const ScopedVariable nobody("ERRAND_CONTEXT", "nobody");
  EXPECT_EQ(make_compute_context("default").error().code, ErrorCode::not_found);
}

TEST_F(ComputeContextTest, TheDefaultMayBeADatabase) {
  const ScopedVariable database("ERRAND_CONTEXT", "postgresql://u:hunter2@h.example/d");
  const auto context = make_compute_context("default");
  ASSERT_TRUE(context.ok()) << context.error().message;
  EXPECT_EQ(context->engine, "database");
  EXPECT_EQ(context->share_dir, "postgresql://u@h.example/d");
}

TEST_F(ComputeContextTest, ADatabaseIsNotNamedByANameAlone) {
  for (const char* name : {"database", "InDatabase", "RxInSqlServer"}) {
    const auto context = make_compute_context(name);
    ASSERT_FALSE(context.ok());
    EXPECT_THAT(context.error().hint, HasSubstr("postgresql://USER@HOST/DATABASE"));
  }
}

TEST_F(ComputeContextTest, ADirectoryInTheEnvironmentIsNotForJobsOfADatabase) {
  scratch_.write("errand/config.toml",
                 "[contexts.db]\nengine = \"database\"\nshare_dir = \"postgresql://u@h.example/d\"\n");
  const ScopedVariable place("ERRAND_SHARE_DIR", "/elsewhere");
  EXPECT_EQ(make_compute_context("db")->share_dir, "postgresql://u@h.example/d");
  EXPECT_EQ(make_compute_context("local")->share_dir, "/elsewhere");
}

TEST_F(ComputeContextTest, SettingGivesBackWhatWasInForce) {
  ComputeContext mine;
  mine.cores = 7;
  const ComputeContext before = set_compute_context(mine);
  EXPECT_EQ(get_compute_context(), mine);
  EXPECT_EQ(set_compute_context(before), mine);
  EXPECT_EQ(get_compute_context(), before);
}

TEST_F(ComputeContextTest, ListNamesBuiltInOnesFirst) {
  scratch_.write("errand/config.toml", "[contexts.a]\ncores = 4\n");
  const auto list = list_compute_contexts();
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->size(), 6U);
  EXPECT_EQ((*list)[0].name, "local");
  EXPECT_EQ((*list)[0].origin, "built in");
  EXPECT_TRUE((*list)[0].context.sequential);
  EXPECT_EQ((*list)[1].name, "localpar");
  EXPECT_EQ((*list)[2].context.engine, "slurm");
  EXPECT_EQ((*list)[3].context.engine, "gridengine");
  EXPECT_EQ((*list)[4].context.engine, "lsf");
  EXPECT_EQ((*list)[5].name, "a");
  EXPECT_EQ((*list)[5].origin, scratch_ / "errand/config.toml");
}

TEST_F(ComputeContextTest, TheShareDirectoryIsTheContextsElseTheEnvironmentsElseXdgs) {
  ComputeContext context;
  EXPECT_EQ(resolve_share_dir(context), "/state/errand");
  const ScopedVariable place("ERRAND_SHARE_DIR", "/scratch//jobs/./");
  EXPECT_EQ(resolve_share_dir(context), "/scratch/jobs");
  context.share_dir = "/mine/";
  EXPECT_EQ(resolve_share_dir(context), "/mine");
  context.share_dir = "relative";
  EXPECT_EQ(resolve_share_dir(context), std::filesystem::current_path() / "relative");
}

TEST_F(ComputeContextTest, GoingUpFromALinkGoesWhereTheSystemGoes) {
  std::filesystem::create_directories(scratch_ / "far/deep");
  std::filesystem::create_symlink(scratch_ / "far/deep", scratch_ / "link");
  ComputeContext context;
  context.share_dir = scratch_ / "link/../place";
  EXPECT_EQ(resolve_share_dir(context), std::filesystem::canonical(scratch_.path()) / "far/place");
}

TEST_F(ComputeContextTest, WithoutXdgAndHomeThePasswordDatabaseIsAsked) {
  const ScopedVariable state("XDG_STATE_HOME", nullptr);
  {
    const ScopedVariable home("HOME", "/home/ada");
    EXPECT_EQ(resolve_share_dir({}), "/home/ada/.local/state/errand");
  }
  const ScopedVariable relative("XDG_STATE_HOME", "not/absolute");
  const ScopedVariable home("HOME", nullptr);
  const passwd* me = getpwuid(getuid());
  ASSERT_NE(me, nullptr);
  EXPECT_EQ(resolve_share_dir({}), std::string(me->pw_dir) + "/.local/state/errand");
}

TEST_F(ComputeContextTest, ADatabasesOptionsStayInTheContextAndItsPasswordDoesNot) {
  const auto context =
      InDatabase("Driver=PostgreSQL;Server=h.example;Database=d;UID=u;PWD=hunter2;Encrypt=yes");
  ASSERT_TRUE(context.ok()) << context.error().message;
  EXPECT_EQ(context->share_dir, "postgresql://u@h.example/d?sslmode=verify-full");
  EXPECT_EQ(resolve_share_dir(*context), "postgresql://u@h.example/d");
}

TEST_F(ComputeContextTest, APlaceIsNamedByAnyConnectionString) {
  ComputeContext context;
  context.share_dir = "host=h.example dbname=d user=u password=hunter2";
  EXPECT_EQ(resolve_share_dir(context), "postgresql://u@h.example/d");
  const ScopedVariable place("ERRAND_SHARE_DIR", "Server=h.example;Database=d;UID=u;PWD=hunter2");
  EXPECT_EQ(resolve_share_dir({}), "postgresql://u@h.example/d");
  EXPECT_EQ(make_compute_context("local")->share_dir, "postgresql://u@h.example/d");
  const ScopedVariable unreadable("ERRAND_SHARE_DIR", "Server=h.example;PWD={hunter2");
  const auto refused = make_compute_context("local");
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().message, Not(HasSubstr("hunter2")));
}

TEST_F(ComputeContextTest, ANameThatMayHoldAPasswordIsNotRepeated) {
  for (const char* name : {"Driver=PostgreSQL;PWD=hunter2", "postgresql://u:hunter2@h/d"}) {
    const auto context = make_compute_context(name);
    ASSERT_FALSE(context.ok());
    EXPECT_EQ(context.error().code, ErrorCode::not_found);
    EXPECT_THAT(context.error().message + context.error().hint, Not(HasSubstr("hunter2")));
  }
}

TEST_F(ComputeContextTest, ABrokenConfigurationLeavesLocalSeqInForce) {
  scratch_.write("errand/config.toml", "nonsense");
  const ComputeContext before = get_compute_context();
  EXPECT_EQ(before.engine, "local");
}

class ThreadComputeContextTest : public ComputeContextTest {};

TEST_F(ThreadComputeContextTest, ThreadsNeverSeeHalfAContext) {
  const ComputeContext before = get_compute_context();
  const auto swap = [](int cores) {
    ComputeContext mine;
    mine.cores = cores;
    mine.share_dir = std::string(100, static_cast<char>('a' + cores));
    for (int i = 0; i < 500; ++i) set_compute_context(mine);
  };
  set_compute_context({});
  std::thread first(swap, 1);
  std::thread second(swap, 2);
  for (int i = 0; i < 500; ++i) {
    const ComputeContext seen = get_compute_context();
    const std::size_t length = seen.cores == 0 ? 0 : 100;
    ASSERT_EQ(seen.share_dir, std::string(length, static_cast<char>('a' + seen.cores)));
  }
  first.join();
  second.join();
  set_compute_context(before);
}

}  // namespace
}  // namespace errand::client
