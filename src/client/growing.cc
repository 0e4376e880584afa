// SPDX-License-Identifier: Apache-2.0
#include <mutex>
#include <set>

#include "client/arriving_outcomes.h"
#include "client/find_job.h"
#include "client/group_writer.h"
#include "client/request.h"
#include "client/submission.h"
#include "errand/growing_job.h"
#include "function/registry.h"
#include "journal/record.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::client {
namespace {

/// Jobs that this process appends to: a record lock does not keep a process from itself.
struct Appended {
  std::mutex mutex;
  std::set<std::string> directories;
};

Appended& appended() {
  static auto* all = new Appended;
  return *all;
}

/// The right to append: the record lock of the job's `appender` file, which nothing else opens.
class AppenderLock {
 public:
  static Result<std::unique_ptr<AppenderLock>> take(share::Place& place, const std::string& id) {
    std::unique_ptr<AppenderLock> lock(new AppenderLock(place.files().absolute(share::job_path(id))));
    const std::lock_guard guard(appended().mutex);
    if (!appended().directories.insert(lock->directory_).second) {
      lock->directory_.clear();
      return held_elsewhere(id);
    }
    share::JobFileName name;
    name.kind = share::JobFileName::Kind::appender;
    auto file = place.files().open_append(share::job_path(id) + "/" + to_name(name));
    auto locked = file ? (*file)->try_lock() : Result<bool>(file.error());
    if (locked && *locked) {
      lock->file_ = *std::move(file);
      return lock;
    }
    appended().directories.erase(lock->directory_);
    lock->directory_.clear();
    if (!locked) return std::move(locked).error();
    return held_elsewhere(id);
  }
  AppenderLock(const AppenderLock&) = delete;
  AppenderLock& operator=(const AppenderLock&) = delete;
  ~AppenderLock() {
    if (directory_.empty()) return;
    const std::lock_guard guard(appended().mutex);
    file_.reset();
    appended().directories.erase(directory_);
  }

 private:
  explicit AppenderLock(std::string directory) : directory_(std::move(directory)) {}
  static Error held_elsewhere(const std::string& id) {
    return {ErrorCode::exists, "job " + id + " is open for appending already", true,
            "only one process at a time may append; close it there first", 0};
  }

  std::string directory_;  ///< empty: nothing is held
  std::unique_ptr<system::File> file_;
};

class GrowingAppender final : public detail::TaskAppender {
 public:
  GrowingAppender(std::shared_ptr<share::Place> place, std::string id, std::unique_ptr<AppenderLock> lock,
                  std::unique_ptr<system::File> file, std::uint64_t total, bool closed)
      : place_(std::move(place)),
        job_(std::move(id), place_->path()),
        lock_(std::move(lock)),
        writer_(std::move(file), total, closed, [this] { (void)place_->ring(job_.id()); }) {}

  const JobRef& job() const override { return job_; }
  Result<std::uint64_t> append(std::string arguments) override { return writer_.append(arguments); }
  Result<void> flush() override { return writer_.flush(); }
  Result<void> close() override { return writer_.close(); }

  Result<void> cancel_task(std::uint64_t task) override {
    if (task >= writer_.total()) {
      return Error{ErrorCode::invalid_argument, "there is no task " + std::to_string(task), false, "", 0};
    }
    TRY_VOID(writer_.flush());
    TRY(auto job, share::JobDirectory::open(place_, job_.id()));
    share::Request request = make_request(*job, share::Request::Kind::cancel_tasks);
    request.tasks = {{task, task + 1}};
    TRY_VOID(job->add_request(request));
    return place_->ring(job_.id());
  }

  Result<bool> next(detail::OutcomeVisitor& visitor,
                    std::optional<std::chrono::milliseconds> timeout) override {
    const std::lock_guard lock(next_mutex_);
    if (!arriving_) {
      auto extent = [this] { return ArrivingOutcomes::Extent{writer_.total(), writer_.closed()}; };
      TRY(arriving_, ArrivingOutcomes::open(place_, job_.id(), extent));
    }
    return arriving_->next(visitor, timeout);
  }

 private:
  std::shared_ptr<share::Place> place_;
  JobRef job_;
  std::unique_ptr<AppenderLock> lock_;
  GroupWriter writer_;
  std::mutex next_mutex_;
  std::unique_ptr<ArrivingOutcomes> arriving_;
};

/// The job file open for appending, ending with a whole record. A group that a killed appender tore is cut
/// off: it was never durable, and nothing behind it could be read.
Result<std::unique_ptr<system::File>> open_whole(share::JobDirectory& job) {
  const std::string path = job.path() + "/" + to_name(share::JobFileName{});
  TRY(auto file, job.place().files().open_append(path));
  TRY(system::FileInfo info, file->info());
  TRY(Buffer bytes, file->view(0, info.size));
  journal::RecordReader reader(bytes.bytes());
  while (reader.next()) {
  }
  if (reader.good_end() == bytes.size()) return file;
  TRY_VOID(job.place().files().publish(path, bytes.text().substr(0, reader.good_end()), true, true));
  return job.place().files().open_append(path);
}

Result<std::unique_ptr<detail::TaskAppender>> open_new(const ComputeContext& context,
                                                       const language::Call& call,
                                                       const ExecOptions& options) {
  if (options.times) {
    return Error{ErrorCode::invalid_argument, "a growing job takes no times: its tasks are appended", false,
                 "", 0};
  }
  TRY(Submission submission, Submission::begin(context, options));
  submission.manifest.growing = true;
  TRY_VOID(submission.prepare());
  TRY(share::JobFileBuilder builder, describe(submission, call));
  const std::string& id = submission.manifest.id;
  TRY(auto file, submission.publish(builder.take()));
  TRY(auto lock, AppenderLock::take(*submission.place(), id));
  TRY_VOID(submission.hand_over());
  return std::unique_ptr<detail::TaskAppender>(
      std::make_unique<GrowingAppender>(submission.place(), id, std::move(lock), std::move(file), 0, false));
}

Result<std::unique_ptr<detail::TaskAppender>> open_again(const JobRef& named) {
  TRY(auto job, open_job(named, true));
  TRY(const share::Manifest* manifest, job->manifest());
  if (!manifest->growing) {
    return Error{ErrorCode::invalid_argument, "job " + job->id() + " is no growing job", false,
                 "open_growing_job makes one", 0};
  }
  auto verdict = job->verdict();
  if (verdict && verdict->canceled) {
    return Error{ErrorCode::job_canceled, "job " + job->id() + " was canceled", false, "", 0};
  }
  TRY(auto lock, AppenderLock::take(job->place(), job->id()));
  TRY(auto file, open_whole(*job));
  TRY(auto tasks, share::TaskSource::open(job->place().files(), job->path(), job->place().trusted()));
  return std::unique_ptr<detail::TaskAppender>(std::make_unique<GrowingAppender>(
      job->shared_place(), job->id(), std::move(lock), std::move(file), tasks->total(), tasks->closed()));
}

}  // namespace
}  // namespace errand::client

namespace errand {

Result<std::unique_ptr<detail::TaskAppender>> detail::open_growing(const ComputeContext& context,
                                                                   const FunctionCall& call,
                                                                   const ExecOptions& options) {
  if (auto known = functions::find_function(call.function); !known) return std::move(known).error();
  return client::open_new(context, client::as_call(call, 0), options);
}

Result<std::unique_ptr<detail::TaskAppender>> detail::reopen_growing(const JobRef& job) {
  return client::open_again(job);
}

Result<std::unique_ptr<detail::TaskAppender>> language::open_growing(const ComputeContext& context,
                                                                     const Call& call,
                                                                     const ExecOptions& options) {
  return client::open_new(context, call, options);
}

Result<std::unique_ptr<detail::TaskAppender>> language::reopen_growing(const JobRef& job) {
  return client::open_again(job);
}

}  // namespace errand
