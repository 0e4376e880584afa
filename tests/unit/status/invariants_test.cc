// SPDX-License-Identifier: Apache-2.0
// What must hold for every legal combination of evidence and report, whatever the rules' order.
#include <gtest/gtest.h>

#include <limits>

#include "status/status.h"
#include "unit/status/combinations.h"

namespace errand::status {
namespace {

/// Checks `holds` everywhere; the first combination that breaks it is shown.
template <class Holds>
void check_everywhere(Holds holds) {
  std::size_t broken = 0;
  const std::size_t count = for_every_combination([&](const Evidence& evidence, const EngineReport& engine) {
    const StatusReport report = compute_status(evidence, engine);
    if (holds(evidence, engine, report) || broken++ > 0) return;
    ADD_FAILURE() << describe(evidence, engine) << "\n" << report.reason;
  });
  EXPECT_EQ(broken, 0U);
  EXPECT_GT(count, 50'000U);
}

std::uint64_t outcomes(const Evidence& e) {
  return e.values + e.errors + e.given_up;
}

bool nothing_left(const Evidence& e, const EngineReport& r) {
  return r.alive == 0 && r.waiting == 0 && e.running_tasks == 0;
}

TEST(StatusInvariants, EveryReasonIsOneLineThatBeginsWithTheStatus) {
  check_everywhere([](const Evidence&, const EngineReport&, const StatusReport& report) {
    const std::string begin = std::string(to_string(report.status)) + ": ";
    return report.reason.starts_with(begin) && report.reason.size() > begin.size() &&
           report.reason.find('\n') == std::string::npos;
  });
}

TEST(StatusInvariants, ProgressAddsUp) {
  check_everywhere([](const Evidence& e, const EngineReport&, const StatusReport& report) {
    const Progress& p = report.progress;
    const bool counted = p.total == e.total && p.succeeded == e.values && p.failed == e.errors + e.given_up;
    const std::uint64_t sum = p.succeeded + p.failed + p.running + p.waiting;
    const bool rest = is_settled(report.status) ? p.running + p.waiting == 0 : sum == p.total;
    return counted && sum <= p.total && rest;
  });
}

TEST(StatusInvariants, FinishedMeansThatEveryResultIsThereForGood) {
  check_everywhere([](const Evidence& e, const EngineReport&, const StatusReport& report) {
    if (report.status != JobStatus::finished) return true;
    const bool complete = e.closed && outcomes(e) == e.total && e.durable == e.total && e.to_run_again == 0;
    const bool as_asked = e.total == 0 || e.values == e.total || (e.values > 0 && e.continue_on_failure);
    return complete && as_asked && !e.verdict_canceled;
  });
}

TEST(StatusInvariants, CompleteDurableResultsAreNeverKeptBack) {
  check_everywhere([](const Evidence& e, const EngineReport&, const StatusReport& report) {
    const bool complete = e.closed && e.values == e.total && e.durable == e.total && !e.verdict_canceled;
    return !complete || report.status == JobStatus::finished;
  });
}

TEST(StatusInvariants, CanceledOnlyAfterOurRequestAndOnceAllIsStill) {
  check_everywhere([](const Evidence& e, const EngineReport& r, const StatusReport& report) {
    if (report.status != JobStatus::canceled) return true;
    return e.verdict_canceled || (e.cancel_requested && nothing_left(e, r) && !r.silent);
  });
}

TEST(StatusInvariants, ACancelUnderWayIsRunningCanceledOrTooLate) {
  check_everywhere([](const Evidence& e, const EngineReport& r, const StatusReport& report) {
    if (!e.cancel_requested) return true;
    const bool complete = e.closed && outcomes(e) == e.total && e.durable == e.total && e.to_run_again == 0;
    if (complete) return report.status == JobStatus::finished || report.status == JobStatus::failed;
    if (!nothing_left(e, r) || r.silent) return report.status == JobStatus::running;
    return report.status == JobStatus::running || report.status == JobStatus::canceled;
  });
}

TEST(StatusInvariants, FailedAlwaysHasACauseThatWasSeen) {
  check_everywhere([](const Evidence& e, const EngineReport& r, const StatusReport& report) {
    if (report.status != JobStatus::failed) return true;
    const bool all_ended = e.closed && outcomes(e) == e.total && e.errors + e.given_up > 0;
    const bool stopped = !e.continue_on_failure && e.errors > 0;
    const bool gone = r.gone > 0 && r.forgotten == 0 && !r.silent && nothing_left(e, r);
    const bool refused = !e.engine_id_recorded && r.search == EngineReport::Search::not_there;
    return all_ended || stopped || gone || refused;
  });
}

TEST(StatusInvariants, SilenceDecidesNothing) {
  check_everywhere([](const Evidence& e, const EngineReport& r, const StatusReport& report) {
    if (!r.silent || !is_settled(report.status)) return true;
    EngineReport knows_nothing;
    knows_nothing.search = r.search;
    return compute_status(e, knows_nothing).status == report.status;  // the place alone decided
  });
}

TEST(StatusInvariants, ForgettingDecidesNothing) {
  check_everywhere([](const Evidence& e, const EngineReport& r, const StatusReport& report) {
    if (r.forgotten == 0 || report.status != JobStatus::failed) return true;
    EngineReport knows_nothing;
    knows_nothing.search = r.search;
    return compute_status(e, knows_nothing).status == JobStatus::failed;
  });
}

TEST(StatusInvariants, WhatIsAliveIsRunningUnlessItHasEndedOnDisk) {
  check_everywhere([](const Evidence& e, const EngineReport& r, const StatusReport& report) {
    if (r.alive == 0 || !e.engine_id_recorded) return true;
    return report.status == JobStatus::running || is_settled(report.status);
  });
}

TEST(StatusInvariants, QueuedMeansNothingIsAliveAndNothingGoesOnByItself) {
  check_everywhere([](const Evidence& e, const EngineReport& r, const StatusReport& report) {
    if (report.status != JobStatus::queued || !e.engine_id_recorded) return true;
    const bool fresh = !r.started && !e.worker_log_exists && outcomes(e) == 0;
    return r.alive == 0 && (fresh || !r.blocked.empty());
  });
}

TEST(StatusInvariants, AGrowingJobEndsOnlyByAnErrorACancelOrALoss) {
  check_everywhere([](const Evidence& e, const EngineReport&, const StatusReport& report) {
    if (e.closed) return true;
    const bool stopped = !e.continue_on_failure && e.errors > 0;
    const bool lost = outcomes(e) < e.total || e.to_run_again > 0;
    if (report.status == JobStatus::failed) return stopped || lost || !e.engine_id_recorded;
    return report.status != JobStatus::finished;
  });
}

TEST(StatusInvariants, AnotherDurableValueNeverLeadsAwayFromFinished) {
  check_everywhere([](const Evidence& e, const EngineReport& r, const StatusReport& report) {
    if (report.status != JobStatus::finished) return true;
    Evidence more = e;
    more.total += 1;
    more.values += 1;
    more.durable += 1;
    return compute_status(more, r).status == JobStatus::finished;
  });
}

TEST(StatusInvariants, SyncingNeverTurnsBack) {
  check_everywhere([](const Evidence& e, const EngineReport& r, const StatusReport& report) {
    if (e.durable == outcomes(e)) return true;
    Evidence synced = e;
    synced.durable = outcomes(e);
    const JobStatus after = compute_status(synced, r).status;
    return after == report.status || after == JobStatus::finished || after == JobStatus::failed;
  });
}

TEST(StatusInvariants, TheSettledWordDoesNotDependOnTheEngine) {
  check_everywhere([](const Evidence& e, const EngineReport& r, const StatusReport& report) {
    const bool on_disk = e.verdict_canceled ||
                         (e.closed && outcomes(e) == e.total && e.durable == e.total && e.to_run_again == 0);
    if (!on_disk) return true;
    EngineReport other = r;
    other.silent = !r.silent;
    other.alive = 1 - r.alive;
    return compute_status(e, other).status == report.status;
  });
}

TEST(StatusInvariants, ImpossibleCountsHaveAnAnswerToo) {
  constexpr std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();
  for (unsigned bits = 0; bits < 128; ++bits) {
    Evidence e;
    unsigned shift = 0;
    for (std::uint64_t* count :
         {&e.total, &e.values, &e.errors, &e.given_up, &e.durable, &e.to_run_again, &e.running_tasks}) {
      *count = (bits >> shift++ & 1U) != 0 ? huge : 1;
    }
    const StatusReport report = compute_status(e, {});
    const Progress& p = report.progress;
    EXPECT_FALSE(report.reason.empty());
    EXPECT_LE(p.succeeded, p.total);
    EXPECT_LE(p.failed, p.total - p.succeeded);
    EXPECT_LE(p.running, p.total - p.succeeded - p.failed);
    EXPECT_NE(report.status, JobStatus::finished) << describe(e, {});
  }
}

TEST(StatusInvariants, UnreadableAndMissingNeverLookFurther) {
  for_every_combination([](const Evidence& evidence, const EngineReport& engine) {
    if (evidence.total != 1) return;
    Evidence e = evidence;
    e.exists = false;
    ASSERT_EQ(compute_status(e, engine).status, JobStatus::missing) << describe(e, engine);
    e.place_readable = false;
    ASSERT_EQ(compute_status(e, engine).status, JobStatus::undetermined) << describe(e, engine);
  });
}

TEST(StatusReasons, AForeignMessageIsOneLineOfBearableLength) {
  Evidence e;
  e.total = e.errors = e.durable = 1;
  e.first_failure = FirstFailure{0, "\n  ValueError: bad\r\nTraceback ..."};
  EXPECT_EQ(compute_status(e, {}).reason, "failed: task 0: ValueError: bad");
  std::string umlauts = "x";
  for (int i = 0; i < 1000; ++i) umlauts += "\xc3\xa4";
  e.first_failure->message = umlauts;
  const std::string reason = compute_status(e, {}).reason;
  EXPECT_LT(reason.size(), 450U);
  EXPECT_TRUE(reason.ends_with("\xc3\xa4..."));
  e.first_failure->message = " \n ";
  EXPECT_EQ(compute_status(e, {}).reason, "failed: task 0: no message");
}

}  // namespace
}  // namespace errand::status
