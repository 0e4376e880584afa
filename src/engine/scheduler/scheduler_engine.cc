// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/scheduler_engine.h"

#include <algorithm>
#include <cstdlib>

#include "engine/local/agent_process.h"
#include "engine/scheduler/array_plan.h"
#include "engine/scheduler/handover.h"
#include "engine/scheduler/history.h"
#include "engine/scheduler/memory_retry.h"
#include "engine/scheduler/out_of_memory.h"
#include "engine/scheduler/script.h"
#include "share/outcome_index.h"
#include "share/sealing.h"
#include "system/clock.h"
#include "system/try.h"
#include "system/user_name.h"

namespace errand::engine::scheduler {
namespace {

/// A site's limits change when its administrator restarts the scheduler.
constexpr std::int64_t limits_pace_ns = std::int64_t{3600} * 1'000'000'000;

std::int64_t scheduler_now_ns() {
  return system::system_clock().now_ns();
}
std::int64_t as_ns(std::chrono::milliseconds time) {
  return std::chrono::nanoseconds(time).count();
}

/// Two clusters of one user are two schedulers: their configurations tell them apart.
std::string answers_name(std::string_view dialect, const std::string& what) {
  std::string cluster;
  for (const char* variable : {"SLURM_CONF", "SGE_ROOT", "SGE_CELL", "LSF_ENVDIR"}) {
    if (const char* value = std::getenv(variable)) cluster += std::string(value) + "\n";
  }
  return std::string(dialect) + "-" + std::to_string(std::hash<std::string>{}(cluster)) + "." + what;
}

std::vector<SubmittedArray> submissions_of(share::JobDirectory& job) {
  std::vector<SubmittedArray> all;
  for (std::uint32_t number = 1; number <= job.submissions(); ++number) {
    auto record = job.submission(number);
    if (record) all.push_back({*std::move(record), job.acceptance(number)});
  }
  return all;
}

bool is_pending_cancel(share::JobDirectory& job) {
  return job.requests() > 0 && job.cancel_pending();
}

const std::string& user_of_jobs() {
  static const auto* user = new std::string(system::user_name());
  return *user;
}

/// Jobs of which the scheduler should know more than its queue shows.
std::vector<std::string> missed_names(std::span<share::JobDirectory* const> jobs,
                                      const std::vector<status::EngineReport>& reports) {
  std::vector<std::string> names;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    if (reports[i].forgotten == 0) continue;
    if (auto record = jobs[i]->submission(jobs[i]->submissions())) names.push_back(record->name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// The tasks to hand over: all of a fresh job, else those without an outcome that counts.
Result<share::TaskRuns> tasks_to_run(share::JobDirectory& job, std::uint64_t total) {
  if (job.logs().empty() && job.requests() == 0) {
    return total == 0 ? share::TaskRuns{} : share::TaskRuns{{0, total}};
  }
  share::OutcomeIndex index(job);
  TRY_VOID(index.refresh(total));
  return index.missing(total);
}

Error as_refused(Error error) {
  error.code = ErrorCode::engine_refused;
  return error;
}

std::uint32_t next_chunk(share::JobDirectory& job) {
  std::uint32_t next = 0;
  for (const SubmittedArray& array : submissions_of(job)) {
    next = std::max(next, array.record.first_chunk + array.record.elements);
  }
  return next;
}

}  // namespace

Result<void> SchedulerEngine::prepare(share::Place& place, const ComputeContext& context) {
  TRY_VOID(check_options(context, dialect_));
  TRY_VOID(find_program_in_path(dialect_.queue("0").argv[0]));
  if (!context.engine_options.contains("command")) TRY_VOID(local::find_agent_command());
  ArrayRequest example;
  example.options = context.engine_options;
  TRY(auto placeholders, dialect_.placeholders(example));
  TRY(Template from, find_template(dialect_, place.path(), context.engine_options));
  TRY_VOID(fill_template(from, placeholders));
  return {};
}

Answers::Given SchedulerEngine::ask(const std::string& what, std::int64_t not_before_ns,
                                    const std::function<Result<Answer>()>& put) {
  if (auto answers = Answers::open(answers_name(dialect_.name(), what))) {
    return answers->get(not_before_ns, query_patience + query_patience, put);
  }
  Answers::Given given;  // no state directory: nothing can be shared
  given.asked_ns = scheduler_now_ns();
  auto answer = put();
  given.silent = !answer;
  given.answer = answer ? *std::move(answer) : Answer{-1, "", answer.error().message};
  return given;
}

Result<Answer> SchedulerEngine::ask_queue() const {
  TRY(Answer answer, run(dialect_.queue(user_of_jobs()), query_patience));
  const Command otherwise = dialect_.queue_otherwise(answer, user_of_jobs());
  if (otherwise.argv.empty()) return answer;
  return run(otherwise, query_patience);
}

Result<SiteLimits> SchedulerEngine::site_limits() {
  auto put = [this] { return run(dialect_.limits(), query_patience); };
  Answers::Given given = ask("limits", scheduler_now_ns() - limits_pace_ns, put);
  if (!given.silent) {
    if (auto limits = dialect_.read_limits(given.answer)) return limits;
  }
  given = ask("limits", scheduler_now_ns(), put);  // a bad answer is not kept for an hour
  if (given.silent) return Error{ErrorCode::engine_unavailable, given.answer.err, true, "try again", 0};
  return dialect_.read_limits(given.answer);
}

Result<share::SubmissionRecord> SchedulerEngine::plan_submission(share::JobDirectory& job) {
  TRY(share::TaskSource * tasks, job.tasks());
  const share::Manifest& manifest = tasks->manifest();
  share::SubmissionRecord record;
  record.engine = dialect_.name();
  record.name = scheduler_job_name(job.id(), job.submissions() + 1);
  record.first_chunk = next_chunk(job);
  record.open_ended = manifest.growing;
  record.time_ns = scheduler_now_ns();
  TRY(record.tasks, tasks_to_run(job, tasks->total()));
  TRY(SiteLimits limits, site_limits());
  TRY(ArrayPlan plan, plan_array(manifest, share::count(record.tasks), limits));
  record.elements = plan.elements;
  record.workers = plan.workers;
  return record;
}

Result<std::string> SchedulerEngine::hand_to_scheduler(share::JobDirectory& job,
                                                       const share::SubmissionRecord& record,
                                                       std::uint32_t number) {
  TRY(const share::Manifest* manifest, job.manifest());
  ArrayRequest request;
  request.name = record.name;
  request.job = job.id();
  request.share_dir = job.place().path();
  request.output = job.place().files().absolute(job.path()) + "/printed." + std::to_string(number);
  request.submission = number;
  request.elements = record.elements;
  request.workers = record.workers;
  request.options = manifest->context.engine_options;
  if (number > 1 && request.options.contains("memory_retry")) {
    const QueueSnapshot queue = snapshot(scheduler_now_ns() - as_ns(answer_pace));
    TRY_VOID(raise_memory(request.options, times_out_of_memory(job, number, queue)));
  }
  auto handover = compose(dialect_, std::move(request));
  // Nothing was asked for yet: what cannot be composed is refused.
  if (!handover) return as_refused(std::move(handover).error());
  TRY(Answer answer, run(handover->command, submit_command_patience));
  return dialect_.read_submitted(answer);
}

Result<void> SchedulerEngine::submit(share::Place& place, const std::string& id) {
  auto shared = share::Place::open(place.path(), false);
  if (!shared) return std::move(shared).error();
  TRY(auto job, share::JobDirectory::open(*shared, id));
  auto planned = plan_submission(*job);
  // Nothing was asked of the scheduler: the whole submission can be taken back.
  if (!planned && job->submissions() == 0) return as_refused(std::move(planned).error());
  if (!planned) return std::move(planned).error();
  if (planned->tasks.empty() && !planned->open_ended) return {};
  if (!place.files().info(share::active_path(id))) TRY_VOID(place.ring(id));
  auto number = job->add_submission(*planned);
  if (!number && number.error().code == ErrorCode::exists) return {};  // somebody else submits it just now
  if (!number) return std::move(number).error();
  auto accepted = hand_to_scheduler(*job, *planned, *number);
  share::Acceptance acceptance;
  acceptance.time_ns = scheduler_now_ns();
  if (accepted) {
    acceptance.id = *accepted;
  } else {
    acceptance.problem = accepted.error().message;
    const bool asked = accepted.error().code != ErrorCode::engine_refused;
    acceptance.doubtful = asked && accepted.error().transient;
  }
  // Without it the job is found by its name; and a scheduler that has it must not be asked twice.
  (void)job->write_acceptance(*number, acceptance);
  if (!accepted) return std::move(accepted).error();
  return {};
}

QueueSnapshot SchedulerEngine::snapshot(std::int64_t not_before_ns) {
  QueueSnapshot queue;
  Answers::Given given = ask("queue", not_before_ns, [this] { return ask_queue(); });
  queue.asked_ns = given.asked_ns;
  queue.silent = given.silent;
  queue.problem = given.answer.err;
  if (given.silent) return queue;
  auto entries = dialect_.read_queue(given.answer);
  if (entries) {
    queue.entries = *std::move(entries);
  } else {
    queue.silent = true;
    queue.problem = entries.error().message;
  }
  return queue;
}

std::vector<status::EngineReport> SchedulerEngine::query(share::Place& place,
                                                         std::span<share::JobDirectory* const> jobs) {
  std::vector<status::EngineReport> reports;
  if (jobs.empty()) return reports;
  const bool hurried =
      std::any_of(jobs.begin(), jobs.end(), [](auto* job) { return is_pending_cancel(*job); });
  QueueSnapshot queue = snapshot(scheduler_now_ns() - as_ns(hurried ? cancel_pace : answer_pace));
  const std::int64_t visibility = place.files().is_network() ? as_ns(network_visibility) : 0;
  auto report_all = [&] {
    reports.clear();
    for (share::JobDirectory* job : jobs) {
      reports.push_back(report_on(submissions_of(*job), look_at_chunks(*job, visibility), queue,
                                  scheduler_now_ns(), visibility, dialect_.name()));
    }
  };
  report_all();
  if (auto missed = missed_names(jobs, reports); !missed.empty() && add_history(queue, missed)) report_all();
  const std::int64_t now = place.clock().monotonic_ns();
  for (std::size_t i = 0; i < jobs.size(); ++i) sightings_.take(jobs[i]->id(), now, visibility, reports[i]);
  return reports;
}

bool SchedulerEngine::add_history(QueueSnapshot& queue, const std::vector<std::string>& names) {
  auto limits = site_limits();
  if (!limits || !limits->history) return false;
  auto history = ask_history(dialect_, answers_name(dialect_.name(), "history"), names, user_of_jobs());
  if (!history) return false;
  queue.past = std::move(history->entries);
  queue.history_delay_ns = as_ns(dialect_.history_delay());
  if (queue.history_delay_ns > 0) {
    for (const std::string& name : names) queue.missed_ns[name] = history->asked_since_ns;
  }
  return true;
}

/// No process of ours stays up for it.
bool SchedulerEngine::empty_trash(share::Place&) {
  return false;
}

Result<std::string> SchedulerEngine::attend(share::Place& place, share::JobDirectory& job) {
  (void)place.ring(job.id());  // owners on this host hear it at once, others look every few seconds
  if (!is_pending_cancel(job)) return std::string();
  share::JobDirectory* one = &job;
  const status::EngineReport before = query(place, {&one, 1}).front();
  const bool nothing_left = before.alive == 0 && before.waiting == 0 && !before.silent &&
                            before.search != status::EngineReport::Search::silent;
  if (nothing_left) {
    TRY_VOID(share::settle_cancel(job));
    return std::string();
  }
  for (const SubmittedArray& array : submissions_of(job)) {
    auto canceled = run(dialect_.cancel(array.record.name, user_of_jobs()), query_patience);
    if (!canceled) return canceled.error().message;
  }
  return std::string();
}

}  // namespace errand::engine::scheduler
