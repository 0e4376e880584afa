// SPDX-License-Identifier: Apache-2.0
#include "client/group_writer.h"

#include <span>
#include <utility>

#include "system/try.h"

namespace errand::client {

GroupWriter::GroupWriter(std::unique_ptr<system::File> file, std::uint64_t total, bool closed,
                         Written written)
    : file_(std::move(file)),
      written_(std::move(written)),
      builder_(share::JobFileBuilder::continuing(total)),
      closed_(closed),
      thread_([this] { run(); }) {}

GroupWriter::~GroupWriter() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    work_.notify_all();
  }
  thread_.join();
}

Result<std::uint64_t> GroupWriter::append(std::string_view arguments) {
  const std::lock_guard lock(mutex_);
  if (failure_) return *failure_;
  if (closed_) {
    return Error{ErrorCode::invalid_argument, "the job is closed: it takes no more tasks", false,
                 "open another growing job", 0};
  }
  std::uint64_t task = builder_.total();
  builder_.task(arguments);
  if (asked_++ == durable_) work_.notify_one();  // else the thread is awake or will look again
  return task;
}

Result<void> GroupWriter::flush() {
  std::unique_lock lock(mutex_);
  return wait_written(lock);
}

Result<void> GroupWriter::close() {
  std::unique_lock lock(mutex_);
  if (!closed_ && !failure_) {
    builder_.close();
    closed_ = true;
    ++asked_;
  }
  return wait_written(lock);
}

Result<void> GroupWriter::wait_written(std::unique_lock<std::mutex>& lock) {
  const std::uint64_t wanted = asked_;
  hurry_ = durable_ < wanted;
  work_.notify_one();
  done_.wait(lock, [&] { return failure_ || durable_ >= wanted; });
  if (failure_) return *failure_;
  return {};
}

std::uint64_t GroupWriter::total() const {
  const std::lock_guard lock(mutex_);
  return builder_.total();
}

bool GroupWriter::closed() const {
  const std::lock_guard lock(mutex_);
  return closed_;
}

void GroupWriter::run() {
  std::unique_lock lock(mutex_);
  auto last = std::chrono::steady_clock::now() - group_interval;
  while (true) {
    work_.wait(lock, [this] { return ending_ || (!failure_ && durable_ < asked_); });
    if (failure_ || durable_ == asked_) return;  // ending, and nothing waits
    // A single task goes at once; in a stream of them groups form.
    work_.wait_until(lock, last + group_interval, [this] { return hurry_ || ending_; });
    last = std::chrono::steady_clock::now();
    write_group(lock);
  }
}

void GroupWriter::write_group(std::unique_lock<std::mutex>& lock) {
  const std::uint64_t up_to = asked_;
  const std::string group = builder_.take();
  hurry_ = false;
  lock.unlock();
  Result<void> written = file_->append(std::as_bytes(std::span(group)));
  if (written) written = file_->sync();
  if (written) written_();
  lock.lock();
  if (written) {
    durable_ = up_to;
  } else {
    failure_ = written.error();
  }
  done_.notify_all();
}

}  // namespace errand::client
