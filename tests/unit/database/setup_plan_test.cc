// SPDX-License-Identifier: Apache-2.0
#include "database/setup_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "database/access_rules.h"
#include "database/schema_step.h"

namespace errand::database {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

SetupState complete_state() {
  SetupState state;
  state.database = "climate";
  state.user = "postgres";
  state.is_superuser = state.may_create = state.has_schema = state.schema_is_ours = true;
  state.schema_step = schema_steps().back().number;
  return state;
}

TEST(SchemaSteps, AreNumberedWithoutAGap) {
  int number = 0;
  for (const SchemaStep& step : schema_steps()) {
    EXPECT_EQ(step.number, ++number);
    EXPECT_THAT(step.sql, HasSubstr("SPDX-License-Identifier")) << step.name;
  }
  EXPECT_GE(number, 2);
}

TEST(SetupPlan, IsEmptyForACompleteDatabase) {
  auto plan = plan_setup(complete_state(), {});
  ASSERT_TRUE(plan);
  EXPECT_THAT(*plan, IsEmpty());
}

TEST(SetupPlan, EveryActionIsATransaction) {
  SetupState state;
  state.may_create = true;
  state.users = {{"ada", true, false, false, false}};
  auto plan = plan_setup(state, {"", 2, {"ada"}});
  ASSERT_TRUE(plan);
  EXPECT_THAT(*plan, SizeIs(schema_steps().size() + 3));
  for (const SetupAction& action : *plan) {
    EXPECT_THAT(action.sql, ::testing::StartsWith("begin;\n"));
    EXPECT_THAT(action.sql, ::testing::EndsWith("commit;\n"));
  }
}

TEST(SetupPlan, RefusesRolesThatErrandDidNotMake) {
  SetupState state = complete_state();
  state.roles = {{"errand_user", false, "of somebody else", false}};
  auto plan = plan_setup(state, {});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::exists);
  EXPECT_THAT(plan.error().hint, HasSubstr("rename"));
  state.roles = {{"errand_w1", false, "", false}};
  EXPECT_FALSE(plan_setup(state, {"", 1, {}}));
}

TEST(SetupPlan, RefusesAnOldServerAndOddNumbers) {
  SetupState state = complete_state();
  EXPECT_FALSE(plan_setup(state, {"", -1, {}}));
  EXPECT_FALSE(plan_setup(state, {"", 1000, {}}));
  state.server_version = 120010;
  auto plan = plan_setup(state, {});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error().code, ErrorCode::not_supported);
}

TEST(SetupPlan, RegistersAWorkerAgainWhoseSchemaWasDropped) {
  SetupState state = complete_state();
  state.roles = {{"errand_w1", true, "errand: a worker of the database climate", false}};
  auto plan = plan_setup(state, {"", 1, {}});
  ASSERT_TRUE(plan) << plan.error().message;
  ASSERT_THAT(*plan, SizeIs(1));
  EXPECT_THAT(plan->front().sql, Not(HasSubstr("create role")));
  EXPECT_THAT(plan->front().sql, HasSubstr("insert into errand.worker"));
}

TEST(SetupPlan, ResetsWhatATaskLeftBehind) {
  SetupState state = complete_state();
  state.roles = {{"errand_w1", true, "errand: a worker of the database climate", true}};
  state.pool = {"errand_w1"};
  auto plan = plan_setup(state, {});
  ASSERT_TRUE(plan);
  ASSERT_THAT(*plan, SizeIs(1));
  EXPECT_THAT(plan->front().sql, HasSubstr("alter role errand_w1 reset all"));
}

TEST(SetupPlan, ANewerServerIsToldWhatTheLenderDoesNotInherit) {
  SetupState state = complete_state();
  state.users = {{"ada", true, false, true, false}};
  EXPECT_THAT(plan_setup(state, {})->front().sql, HasSubstr("with admin option"));
  state.server_version = 160003;
  EXPECT_THAT(plan_setup(state, {})->front().sql, HasSubstr("admin true, inherit false, set false"));
}

TEST(SetupPlan, QuotesWhatItIsGiven) {
  EXPECT_EQ(quoted_identifier(R"(a"b)"), R"("a""b")");
  EXPECT_EQ(quoted_literal("it's"), "'it''s'");
  EXPECT_EQ(quoted_literal(R"(a\'b)"), R"(E'a\\''b')");
}

TEST(AccessRules, NameTheDatabaseAndRefuseWorkersOverTheNetwork) {
  const AccessRules rules = all_access_rules("my climate");
  EXPECT_FALSE(rules.known);
  EXPECT_THAT(rules.hba, ::testing::Contains(HasSubstr("\"my climate\"")));
  EXPECT_THAT(rules.hba,
              ::testing::Contains(::testing::AllOf(HasSubstr("+errand_worker"), HasSubstr("reject"))));
  EXPECT_THAT(rules.ident, SizeIs(2));
}

}  // namespace
}  // namespace errand::database
