// SPDX-License-Identifier: Apache-2.0
#include "client/configuration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/client/scoped_variable.h"

namespace errand::client {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Configuration parsed(std::string_view text) {
  auto configuration = parse_configuration(text, "config.toml");
  EXPECT_TRUE(configuration.ok()) << configuration.error().message;
  return configuration.value_or({});
}

ComputeContext only_context(std::string_view text) {
  const Configuration configuration = parsed(text);
  EXPECT_EQ(configuration.contexts.size(), 1U);
  return configuration.contexts.empty() ? ComputeContext() : configuration.contexts[0].context;
}

Error refused(std::string_view text) {
  const auto configuration = parse_configuration(text, "config.toml");
  EXPECT_FALSE(configuration.ok()) << text;
  if (configuration.ok()) return {};
  EXPECT_EQ(configuration.error().code, ErrorCode::invalid_argument);
  return configuration.error();
}

TEST(Configuration, ReadsEveryFieldOfAContext) {
  const ScopedVariable home("HOME", "/home/ada");
  const ComputeContext context = only_context(R"(
[contexts.night]
engine = "slurm"
sequential = true
wait = false
console_output = true
auto_cleanup = false
share_dir = "~/jobs"
cores = 4
environment = ["TOKEN", "MODE=night"]
packages_to_load = ["stats"]
task_time_limit = "1h30m"
task_memory_limit = "2G"
console_limit = "64M"
lost_task_retries = 5
trusted_owners = ["ada", "1000"]
engine_options = { partition = "long", nodes = 2, exclusive = true }
)");
  ComputeContext expected;
  expected.engine = "slurm";
  expected.sequential = true;
  expected.wait = false;
  expected.console_output = true;
  expected.auto_cleanup = false;
  expected.share_dir = "/home/ada/jobs";
  expected.cores = 4;
  expected.environment = {"TOKEN", "MODE=night"};
  expected.packages_to_load = {"stats"};
  expected.task_time_limit = std::chrono::minutes(90);
  expected.task_memory_limit = 2ULL << 30U;
  expected.console_limit = 64ULL << 20U;
  expected.lost_task_retries = 5;
  expected.trusted_owners = {"ada", "1000"};
  expected.engine_options = {{"partition", "long"}, {"nodes", "2"}, {"exclusive", "true"}};
  EXPECT_EQ(context, expected);
}

TEST(Configuration, AnEmptyFileIsTheBuiltInConfiguration) {
  const Configuration configuration = parsed("");
  EXPECT_EQ(configuration.defaults, ComputeContext());
  EXPECT_TRUE(configuration.contexts.empty());
  EXPECT_EQ(configuration.active, "");
}

TEST(Configuration, DefaultsReachNamedAndBuiltInContexts) {
  const Configuration configuration = parsed(R"(
[defaults]
context = "mine"
wait = false
cores = 3
[contexts.mine]
cores = 2
)");
  EXPECT_EQ(configuration.active, "mine");
  EXPECT_FALSE(configuration.contexts[0].context.wait);
  EXPECT_EQ(configuration.contexts[0].context.cores, 2);
  const auto local = context_named(configuration, "localpar");
  ASSERT_TRUE(local.ok());
  EXPECT_FALSE(local->wait);
  EXPECT_EQ(local->cores, 3);
}

TEST(Configuration, InheritanceIsResolvedWhateverTheOrder) {
  const Configuration configuration = parsed(R"(
[contexts.child]
inherits = "parent"
cores = 1
environment = ["B=2"]
[contexts.parent]
inherits = "localseq"
wait = false
cores = 8
environment = ["A=1"]
)");
  ASSERT_EQ(configuration.contexts.size(), 2U);
  const ComputeContext& child = configuration.contexts[0].context;
  EXPECT_EQ(configuration.contexts[0].name, "child");
  EXPECT_EQ(configuration.contexts[0].origin, "config.toml");
  EXPECT_TRUE(child.sequential);
  EXPECT_FALSE(child.wait);
  EXPECT_EQ(child.cores, 1);
  EXPECT_THAT(child.environment, ElementsAre("B=2"));
}

TEST(Configuration, APlaceInADatabaseIsWrittenInAnyOfItsForms) {
  for (const char* text : {"postgresql://u:hunter2@h.example/d?sslmode=require",
                           "host=h.example dbname=d user=u password=hunter2 sslmode=require",
                           "Server=h.example;Database=d;UID=u;PWD=hunter2;SSLmode=require"}) {
    const auto context = only_context(std::string("[contexts.a]\nshare_dir = \"") + text + "\"\n");
    EXPECT_EQ(context.share_dir, "postgresql://u@h.example/d?sslmode=require") << text;
  }
  const Error error = refused("[contexts.a]\nshare_dir = \"Server=h;PWD={hunter2\"\n");
  EXPECT_THAT(error.message, StartsWith("config.toml:2: share_dir: the connection string"));
  EXPECT_THAT(error.message + error.hint, testing::Not(HasSubstr("hunter2")));
  EXPECT_THAT(refused("[contexts.a]\nworking_directory = \"postgresql://h/d\"\n").message,
              HasSubstr("must be an absolute path"));
}

TEST(Configuration, AnUnknownKeyIsNamedWithItsLineAndTheKnownOnes) {
  const Error error = refused("[contexts.night]\nwait = false\ncore = 4\n");
  EXPECT_EQ(error.message, "config.toml:3: unknown key 'core' in [contexts.night]");
  for (const char* key : {"inherits", "cores", "task_time_limit", "engine_options"}) {
    EXPECT_THAT(error.hint, HasSubstr(key));
  }
  EXPECT_THAT(refused("[defaults]\n\ninherits = \"x\"\n").message,
              StartsWith("config.toml:3: unknown key 'inherits' in [defaults]"));
}

TEST(Configuration, BadValuesAreNamedWithTheirLine) {
  const std::pair<const char*, const char*> cases[] = {
      {"wait = 1", "wait: must be true or false"},
      {"engine = 1", "engine: must be a string"},
      {"cores = -1", "cores: must be a whole number"},
      {"cores = 1.5", "cores: must be a whole number"},
      {"cores = \"4\"", "cores: must be a whole number"},
      {"lost_task_retries = 99999999999", "lost_task_retries: must be a whole number"},
      {"environment = \"A\"", "environment: must be a list of strings"},
      {"packages_to_load = [1]", "packages_to_load: must be a list of strings"},
      {"environment = [\"A B\"]", "environment: environment entry 'A B'"},
      {"task_time_limit = \"30 s\"", "task_time_limit: '30 s' is not a duration"},
      {"task_time_limit = -5", "task_time_limit: '-5' is not a duration"},
      {"task_time_limit = true", "task_time_limit: must be a duration"},
      {"console_limit = \"64X\"", "console_limit: '64X' is not a size"},
      {"share_dir = \"jobs\"", "share_dir: must be an absolute path"},
      {"engine_options = 3", "engine_options: must be a table"},
      {"engine_options = { a = [1] }", "engine_options: must be a table of strings"},
      {"inherits = 3", "inherits: must be a context's name"},
      {"inherits = \"nobody\"", "there is no context 'nobody'"}};
  for (const auto& [line, message] : cases) {
    const Error error = refused(std::string("[contexts.a]\n") + line + "\n");
    EXPECT_THAT(error.message, StartsWith("config.toml:2: ")) << line;
    EXPECT_THAT(error.message, HasSubstr(message)) << line;
  }
}

TEST(Configuration, BadStructureIsNamedWithItsLine) {
  EXPECT_THAT(refused("[defaults\n").message, StartsWith("config.toml:1: "));
  EXPECT_THAT(refused("\n[contexts.a]\nwait = false\nwait = true\n").message, StartsWith("config.toml:4: "));
  EXPECT_THAT(refused("\nwait = true\n").message, StartsWith("config.toml:2: 'wait' cannot stand here"));
  EXPECT_THAT(refused("contexts = 3\n").message, HasSubstr("'contexts' cannot stand here"));
  EXPECT_THAT(refused("[contexts]\na = 3\n").message, HasSubstr("'a' must be a table"));
  EXPECT_THAT(refused("[contexts.LocalPar]\n").message, HasSubstr("'LocalPar' is taken"));
  EXPECT_THAT(refused("[contexts.default]\n").message, HasSubstr("'default' is taken"));
  EXPECT_THAT(refused("[defaults]\ncontext = \"nobody\"\n").message, HasSubstr("no context 'nobody'"));
  EXPECT_THAT(refused("[defaults]\ncontext = 3\n").message, StartsWith("config.toml:2: "));
  EXPECT_THAT(refused("\xff\xfe = 1\n").message, StartsWith("config.toml:1: "));
}

TEST(Configuration, ACircleOfInheritanceIsShown) {
  const Error error = refused(R"([contexts.a]
inherits = "b"
[contexts.b]
inherits = "c"
[contexts.c]
inherits = "b"
)");
  EXPECT_THAT(error.message, StartsWith("config.toml:6: "));
  EXPECT_THAT(error.message, HasSubstr("a -> b -> c -> b"));
  EXPECT_THAT(refused("[contexts.a]\ninherits = \"a\"\n").message, HasSubstr("a -> a"));
}

TEST(BuiltInContext, EveryAliasInAnyCase) {
  for (const char* name : {"local", "localseq", "LocalSeq", "RxLocalSeq", "RXLOCALSEQ"}) {
    EXPECT_EQ(built_in_context(name, {}), LocalSeq()) << name;
  }
  for (const char* name : {"localpar", "localparallel", "LocalParallel", "RxLocalParallel", "LOCALPAR"}) {
    EXPECT_EQ(built_in_context(name, {}), LocalParallel()) << name;
  }
  for (const char* name : {"slurm", "Slurm", "RxSlurm", "hpcserver", "RxHpcServer"}) {
    EXPECT_EQ(built_in_context(name, {}), SlurmContext()) << name;
  }
  for (const char* name : {"gridengine", "GridEngine", "sge", "RxGridEngine"}) {
    EXPECT_EQ(built_in_context(name, {}), GridEngineContext()) << name;
  }
  for (const char* name : {"lsf", "LSF", "RxLsfCluster"}) {
    EXPECT_EQ(built_in_context(name, {}), LsfContext()) << name;
  }
  for (const char* name : {"", "loca", "locals", "slurms", "default"}) {
    EXPECT_EQ(built_in_context(name, {}), std::nullopt) << name;
  }
}

TEST(ContextNamed, AnUnknownNameIsAnsweredWithTheKnownOnes) {
  const auto found = context_named(parsed("[contexts.night]\n[contexts.day]\n"), "nigth");
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().code, ErrorCode::not_found);
  EXPECT_THAT(found.error().message, HasSubstr("'nigth'"));
  EXPECT_THAT(found.error().hint, HasSubstr("local, localpar, slurm, gridengine, lsf, day, night"));
}

TEST(ApplyEnvironment, OverridesPlaceAndCores) {
  const ScopedVariable place("ERRAND_SHARE_DIR", "/scratch/jobs");
  const ScopedVariable cores("ERRAND_CORES", "3");
  ComputeContext context;
  context.share_dir = "/from/the/file";
  context.cores = 8;
  ASSERT_TRUE(apply_environment(context).ok());
  EXPECT_EQ(context.share_dir, "/scratch/jobs");
  EXPECT_EQ(context.cores, 3);
}

TEST(ApplyEnvironment, EmptyVariablesAreAsGoodAsNone) {
  const ScopedVariable place("ERRAND_SHARE_DIR", "");
  const ScopedVariable cores("ERRAND_CORES", "");
  ComputeContext context;
  context.share_dir = "/from/the/file";
  context.cores = 8;
  ASSERT_TRUE(apply_environment(context).ok());
  EXPECT_EQ(context.share_dir, "/from/the/file");
  EXPECT_EQ(context.cores, 8);
}

TEST(ApplyEnvironment, BadCoresAreRefused) {
  for (const char* value : {"many", "-1", "2x", "1.5", "99999999999"}) {
    const ScopedVariable cores("ERRAND_CORES", value);
    ComputeContext context;
    const auto applied = apply_environment(context);
    ASSERT_FALSE(applied.ok()) << value;
    EXPECT_EQ(applied.error().code, ErrorCode::invalid_argument);
    EXPECT_THAT(applied.error().message, HasSubstr("ERRAND_CORES"));
  }
}

}  // namespace
}  // namespace errand::client
