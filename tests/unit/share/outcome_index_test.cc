// SPDX-License-Identifier: Apache-2.0
#include "share/outcome_index.h"

#include <cstring>

#include "unit/share/share_fixture.h"

namespace errand::share {
namespace {

class OutcomeIndexTest : public ShareTest {
 protected:
  void claim(JobDirectory& job, std::uint32_t generation, std::vector<Claim::Accepted> accepted = {}) {
    Claim claim;
    claim.owner = system::system_processes().self();
    claim.accepted = std::move(accepted);
    ASSERT_TRUE(job.add_claim(0, generation, claim).ok());
  }
};

TEST_F(OutcomeIndexTest, CountsWhatIsRecordedAndWhatIsDurable) {
  std::string id = publish(3);
  auto writer = log(id, {0, 1, 1});
  writer->add(value(0, "zero"));
  ASSERT_TRUE(writer->sync().ok());
  writer->add(value(2, "two"));
  ASSERT_TRUE(writer->flush().ok());
  auto job = open(id);
  OutcomeIndex index(*job);
  ASSERT_TRUE(index.refresh(3).ok());
  EXPECT_EQ(index.counts().values, 2U);
  EXPECT_EQ(index.counts().durable, 1U);
  EXPECT_TRUE(index.is_durable(0));
  EXPECT_FALSE(index.is_durable(2));
  EXPECT_EQ(text(index.find(2)), "two");
  EXPECT_EQ(index.missing(3), (std::vector<std::pair<std::uint64_t, std::uint64_t>>{{1, 2}}));
  ASSERT_TRUE(writer->sync().ok());
  ASSERT_TRUE(index.refresh(3).ok());
  EXPECT_EQ(index.counts().durable, 2U);
}

TEST_F(OutcomeIndexTest, AnEarlierGenerationCountsOnlyAsFarAsTheLaterOneAccepts) {
  std::string id = publish(2);
  auto job = open(id);
  claim(*job, 1);
  auto old_owner = log(id, {0, 1, 1});
  old_owner->add(value(0, "accepted"));
  ASSERT_TRUE(old_owner->flush().ok());
  claim(*job, 2, {{log_name({0, 1, 1}), old_owner->bytes_written()}});
  old_owner->add(value(1, "too late"));  // it still lives, and does not know
  ASSERT_TRUE(old_owner->flush().ok());
  auto new_owner = log(id, {0, 2, 1});
  new_owner->add(value(1, "counts"));
  ASSERT_TRUE(new_owner->flush().ok());
  OutcomeIndex index(*job);
  ASSERT_TRUE(index.refresh(2).ok());
  EXPECT_EQ(text(index.find(0)), "accepted");
  EXPECT_EQ(text(index.find(1)), "counts");
  EXPECT_EQ(index.counts().values, 2U);
}

TEST_F(OutcomeIndexTest, AReaderThatWasThereBeforeTheNewClaimAgreesWithOneThatCameAfter) {
  std::string id = publish(1);
  auto job = open(id);
  claim(*job, 1);
  auto old_owner = log(id, {0, 1, 1});
  old_owner->add(value(0, "old"));
  ASSERT_TRUE(old_owner->flush().ok());
  OutcomeIndex early(*job);
  ASSERT_TRUE(early.refresh(1).ok());
  EXPECT_EQ(text(early.find(0)), "old");
  claim(*job, 2, {{log_name({0, 1, 1}), 0}});
  auto new_owner = log(id, {0, 2, 1});
  new_owner->add(value(0, "new"));
  ASSERT_TRUE(new_owner->sync().ok());
  ASSERT_TRUE(early.refresh(1).ok());
  EXPECT_EQ(text(early.find(0)), "new");
  EXPECT_EQ(early.counts().values, 1U);
  EXPECT_EQ(early.counts().durable, 1U);
}

TEST_F(OutcomeIndexTest, OfTwoOutcomesOfATaskTheFirstWorkersCountsWhateverIsReadFirst) {
  std::string id = publish(1);
  auto second = log(id, {0, 1, 2});
  second->add(value(0, "second"));
  ASSERT_TRUE(second->sync().ok());
  auto job = open(id);
  OutcomeIndex index(*job);
  ASSERT_TRUE(index.refresh(1).ok());
  EXPECT_EQ(text(index.find(0)), "second");
  auto first = log(id, {0, 1, 1});
  first->add(value(0, "first"));
  ASSERT_TRUE(first->sync().ok());
  ASSERT_TRUE(index.refresh(1).ok());
  EXPECT_EQ(text(index.find(0)), "first");
  EXPECT_EQ(index.counts().values, 1U);
  EXPECT_EQ(index.counts().durable, 1U);
}

TEST_F(OutcomeIndexTest, ANewerAttemptWinsAndARetryVoidsTheOlderOnes) {
  std::string id = publish(2);
  auto writer = log(id, {0, 1, 1});
  journal::Outcome failed = value(0, "");
  failed.cause = FailureCause::user_error;
  writer->add(failed);
  writer->add(value(1, "kept"));
  ASSERT_TRUE(writer->sync().ok());
  auto job = open(id);
  OutcomeIndex index(*job);
  ASSERT_TRUE(index.refresh(2).ok());
  EXPECT_EQ(index.counts().errors, 1U);
  Request retry;
  retry.kind = Request::Kind::retry;
  retry.tasks = {{0, 1}};
  retry.first_attempt = 1;
  ASSERT_TRUE(job->add_request(retry).ok());
  ASSERT_TRUE(index.refresh(2).ok());
  EXPECT_EQ(index.counts().errors, 0U);
  EXPECT_EQ(index.voided(), 1U);
  EXPECT_EQ(index.first_attempt(0), 1U);
  EXPECT_EQ(index.first_attempt(1), 0U);
  writer->add(value(0, "again", 1));
  ASSERT_TRUE(writer->sync().ok());
  ASSERT_TRUE(index.refresh(2).ok());
  EXPECT_EQ(text(index.find(0)), "again");
  EXPECT_EQ(text(index.find(1)), "kept");
  EXPECT_EQ(index.voided(), 0U);
}

TEST_F(OutcomeIndexTest, AnOwnersVoucherMakesADeadWorkersOutcomesDurable) {
  std::string id = publish(1);
  auto dead = log(id, {0, 1, 1});
  dead->add(value(0, "zero"));
  ASSERT_TRUE(dead->flush().ok());
  auto owner = log(id, {0, 1, 0});
  std::string body(24, '\0');
  body[4] = 1;  // generation
  body[8] = 1;  // worker
  std::uint64_t length = dead->bytes_written();
  std::memcpy(body.data() + 16, &length, sizeof length);
  owner->add_record(journal::RecordType::vouched, body);
  ASSERT_TRUE(owner->sync().ok());
  auto job = open(id);
  OutcomeIndex index(*job);
  ASSERT_TRUE(index.refresh(1).ok());
  EXPECT_EQ(index.counts().durable, 1U);
  EXPECT_TRUE(index.is_durable(0));
}

TEST_F(OutcomeIndexTest, ATornTailIsReportedAndReadWhenItIsWhole) {
  std::string id = publish(2);
  auto writer = log(id, {0, 1, 1});
  writer->add(value(0, "zero"));
  ASSERT_TRUE(writer->sync().ok());
  std::string path = job_path(id) + "/" + log_name({0, 1, 1});
  std::string record;
  std::string body;
  journal::append_outcome(body, value(1, "one"));
  journal::append_record(record, journal::RecordType::outcomes, body);
  auto file = files->open_append(path);
  ASSERT_TRUE((*file)->append(std::as_bytes(std::span(record).first(20))).ok());
  auto job = open(id);
  OutcomeIndex index(*job);
  ASSERT_TRUE(index.refresh(2).ok());
  EXPECT_EQ(index.counts().values, 1U);
  ASSERT_EQ(index.problems().size(), 1U);
  EXPECT_NE(index.problems()[0].find("log.0.1.1"), std::string::npos);
  ASSERT_TRUE((*file)->append(std::as_bytes(std::span(record).subspan(20))).ok());
  ASSERT_TRUE(index.refresh(2).ok());
  EXPECT_EQ(index.counts().values, 2U);
  EXPECT_TRUE(index.problems().empty());
}

TEST_F(OutcomeIndexTest, TellsOfEachArrivalOnce) {
  std::string id = publish(3);
  auto writer = log(id, {0, 1, 1});
  writer->add(value(2, "two"));
  ASSERT_TRUE(writer->flush().ok());
  auto job = open(id);
  OutcomeIndex index(*job);
  std::vector<std::uint64_t> arrived;
  auto note = [&](std::uint64_t task) { arrived.push_back(task); };
  ASSERT_TRUE(index.refresh(3, note).ok());
  writer->add(value(0, "zero"));
  ASSERT_TRUE(writer->flush().ok());
  ASSERT_TRUE(index.refresh(3, note).ok());
  ASSERT_TRUE(index.refresh(3, note).ok());
  EXPECT_EQ(arrived, (std::vector<std::uint64_t>{2, 0}));
}

TEST_F(OutcomeIndexTest, CountsLostStartsSinceTheLastRetry) {
  std::string id = publish(1);
  auto owner = log(id, {0, 1, 0});
  owner->add_record(journal::RecordType::lost, encode(LostStart{0, 0, "killed by signal 9", true}));
  owner->add_record(journal::RecordType::lost, encode(LostStart{0, 1, "unseen", false}));
  ASSERT_TRUE(owner->sync().ok());
  auto job = open(id);
  OutcomeIndex index(*job);
  ASSERT_TRUE(index.refresh(1).ok());
  ASSERT_TRUE(index.lost_starts().contains(0));
  EXPECT_EQ(index.lost_starts().at(0).counted, 1U);
  EXPECT_EQ(index.lost_starts().at(0).uncounted, 1U);
  EXPECT_EQ(index.lost_starts().at(0).next_attempt, 2U);
  Request retry;
  retry.kind = Request::Kind::retry;
  retry.tasks = {{0, 1}};
  retry.first_attempt = 2;
  ASSERT_TRUE(job->add_request(retry).ok());
  ASSERT_TRUE(index.refresh(1).ok());
  EXPECT_TRUE(index.lost_starts().empty());
}

}  // namespace
}  // namespace errand::share
