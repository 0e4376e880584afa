// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "client/arriving_outcomes.h"
#include "client/find_job.h"
#include "errand/language.h"
#include "share/task_source.h"
#include "system/try.h"

namespace errand {
namespace client {
namespace {

class JobOutcomes final : public language::OutcomeStream {
 public:
  static Result<std::unique_ptr<language::OutcomeStream>> open(const JobRef& named) {
    TRY(auto job, open_job(named));
    TRY(auto tasks, share::TaskSource::open(job->place().files(), job->path(), job->place().trusted()));
    std::unique_ptr<JobOutcomes> stream(new JobOutcomes(std::move(tasks)));
    auto extent = [asked = stream.get()] { return asked->extent(); };
    TRY(stream->arriving_, ArrivingOutcomes::open(job->shared_place(), job->id(), extent));
    return std::unique_ptr<language::OutcomeStream>(std::move(stream));
  }

  Result<bool> next(detail::OutcomeVisitor& visitor,
                    std::optional<std::chrono::milliseconds> timeout) override {
    return arriving_->next(visitor, timeout);
  }
  bool done() const override { return arriving_->is_done(); }

 private:
  explicit JobOutcomes(std::unique_ptr<share::TaskSource> tasks) : tasks_(std::move(tasks)) {}

  ArrivingOutcomes::Extent extent() {
    // What cannot be read now is looked at again; if it stays so, the job's own state says why.
    if (!tasks_->closed()) (void)tasks_->refresh();
    return {tasks_->total(), tasks_->closed()};
  }

  std::unique_ptr<share::TaskSource> tasks_;
  std::unique_ptr<ArrivingOutcomes> arriving_;
};

}  // namespace
}  // namespace client

Result<std::unique_ptr<language::OutcomeStream>> language::follow_outcomes(const JobRef& job) {
  return client::JobOutcomes::open(job);
}

}  // namespace errand
