// SPDX-License-Identifier: Apache-2.0
#include "worker_harness.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "function/runner.h"
#include "journal/log_reader.h"
#include "journal/value_reader.h"
#include "system/clock.h"
#include "system/descriptor.h"
#include "system/processes.h"

namespace errand::worker {

TemporaryPlace::TemporaryPlace() {
  std::string pattern = (std::filesystem::temp_directory_path() / "errand-worker-XXXXXX").string();
  path_ = mkdtemp(pattern.data());
  place_ = share::Place::open(path_, /*create=*/true).value();
}

TemporaryPlace::~TemporaryPlace() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryPlace::file(const std::string& id, const std::string& name) const {
  return path_ + "/" + share::job_path(id) + "/" + name;
}

std::string TemporaryPlace::read(const std::string& id, const std::string& name) const {
  std::ifstream in(file(id, name), std::ios::binary);
  std::ostringstream all;
  all << in.rdbuf();
  return all.str();
}

JobDraft draft_of(const detail::FunctionCall& call, std::uint64_t tasks) {
  JobDraft draft;
  draft.manifest.id = share::make_job_id(system::system_clock().now_ns());
  draft.manifest.function = call.function;
  draft.manifest.signature = call.signature;
  draft.manifest.result_type = call.result_type;
  draft.manifest.working_directory = "/";
  draft.manifest.submitter = system::system_processes().self();
  draft.shared_arguments = call.shared_arguments;
  draft.tasks = call.fanned_out.value_or(tasks);
  draft.encode_task = call.encode_task;
  return draft;
}

JobDraft draft_of_program(std::vector<std::string> command, std::uint64_t tasks) {
  JobDraft draft = draft_of({}, tasks);
  draft.manifest.language = "program";
  draft.manifest.command = std::move(command);
  return draft;
}

std::string publish(const TemporaryPlace& place, const JobDraft& draft) {
  share::JobFileBuilder builder(draft.manifest);
  builder.arguments(Codec::msgpack, draft.shared_arguments);
  if (draft.encode_task) {
    for (std::uint64_t task = 0; task < draft.tasks; ++task) {
      std::string arguments;
      draft.encode_task(task, arguments);
      builder.task(arguments);
    }
  } else {
    builder.bare_tasks(draft.tasks);
  }
  builder.close();
  auto published = share::publish_job(place.place(), draft.manifest, builder.take());
  EXPECT_TRUE(published) << published.error().message;
  return draft.manifest.id;
}

namespace {

std::string value_of(const TemporaryPlace& place, const std::string& id, const share::WorkerKey& key,
                     const journal::Outcome& outcome) {
  if (!outcome.stored) {
    return {reinterpret_cast<const char*>(outcome.inline_bytes.data()), outcome.inline_bytes.size()};
  }
  auto file = place.place().files().open_read(share::job_path(id) + "/" + share::values_name(key));
  if (!file) return {};
  auto buffers = journal::ValueReader(*std::move(file)).read(outcome);
  EXPECT_TRUE(buffers) << buffers.error().message;
  std::string joined;
  if (buffers) {
    for (const Buffer& buffer : *buffers) joined += buffer.text();
  }
  return joined;
}

ReadOutcome copy_of(const journal::Outcome& outcome) {
  ReadOutcome read;
  read.attempt = outcome.attempt;
  read.cause = outcome.cause;
  read.codec = outcome.codec;
  read.stored = outcome.stored;
  read.console = outcome.console;
  read.usage = outcome.usage;
  if (outcome.cause != FailureCause::none) read.failure = journal::decode_failure(outcome);
  return read;
}

}  // namespace

ReadLog read_log(const TemporaryPlace& place, const std::string& id, const share::WorkerKey& key) {
  ReadLog log;
  auto file = place.place().files().open_read(share::job_path(id) + "/" + share::log_name(key));
  if (!file) return log;
  journal::LogReader reader(*std::move(file));
  auto refreshed = reader.refresh([&](const journal::Record& record) -> Result<void> {
    if (record.type == journal::RecordType::sync_mark) log.durable = log.outcomes.size();
    if (record.type != journal::RecordType::outcomes) return {};
    std::size_t position = 0;
    while (true) {
      auto outcome = journal::read_outcome(record.body, position);
      if (!outcome) return outcome.error();
      if (!*outcome) return {};
      ReadOutcome read = copy_of(**outcome);
      read.bytes = value_of(place, id, key, **outcome);
      log.order.push_back((*outcome)->task);
      log.outcomes[(*outcome)->task] = std::move(read);
    }
  });
  EXPECT_TRUE(refreshed) << refreshed.error().message;
  log.dropped = reader.dropped();
  return log;
}

void WorkerChannel::send_job(const TemporaryPlace& place, const std::string& id, std::uint64_t first,
                             std::uint64_t count, std::uint16_t flags, std::uint32_t attempt) {
  Message job{MessageType::job, flags, {}, place.path() + "\n" + id, -1};
  job.numbers = {0, 1, 1, static_cast<std::int64_t>(first), static_cast<std::int64_t>(count), attempt};
  ASSERT_TRUE(send(channel_, job));
}

void WorkerChannel::send_range(std::uint64_t first, std::uint64_t count, std::uint16_t flags,
                               std::uint32_t attempt) {
  Message range{MessageType::range, flags, {}, {}, -1};
  range.numbers = {0, 0, 0, static_cast<std::int64_t>(first), static_cast<std::int64_t>(count), attempt};
  ASSERT_TRUE(send(channel_, range));
}

void WorkerChannel::send_finish() {
  ASSERT_TRUE(send(channel_, {MessageType::finish, 0, {}, {}, -1}));
}

std::optional<Message> WorkerChannel::next() {
  auto message = receive(channel_, /*wait=*/true);
  if (!message) return std::nullopt;
  return *std::move(message);
}

void WorkerChannel::hang_up() {
  if (channel_ >= 0) close(std::exchange(channel_, -1));
}

ForkedWorker::ForkedWorker(const std::function<void()>& before) {
  auto ends = make_channel().value();
  pid_ = fork();
  if (pid_ == 0) {
    close(ends[0]);
    if (before) before();
    _exit(run_worker(ends[1], functions::make_runner, {}));
  }
  close(ends[1]);
  channel_ = std::make_unique<WorkerChannel>(ends[0]);
}

ForkedWorker::~ForkedWorker() {
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

int ForkedWorker::wait() {
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = 0;
  return status;
}

int run_whole(const TemporaryPlace& place, const std::string& id, std::uint64_t count) {
  ForkedWorker worker;
  worker.channel().send_job(place, id, 0, count);
  return worker.wait();
}

std::string own_program() {
  return std::filesystem::read_symlink("/proc/self/exe").string();
}

SupervisorProcess::SupervisorProcess(const StartSpec& spec) {
  auto ends = make_channel().value();
  control_ = ends[0];
  system::SpawnRequest request;
  request.argv = {own_program(), "--supervisor"};
  for (char** entry = environ; *entry != nullptr; ++entry) request.environment.emplace_back(*entry);
  request.keep = {-1, 1, 2, ends[1]};
  pid_ = system::system_processes().spawn(request).value();
  close(ends[1]);
  std::string bytes = encode(spec);
  int file = memfd_create("orders", MFD_CLOEXEC);
  EXPECT_EQ(write(file, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  tell({MessageType::start, 0, {}, {}, file});
  close(file);
}

SupervisorProcess::~SupervisorProcess() {
  hang_up();
  if (pid_ == 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void SupervisorProcess::tell(const Message& message) const {
  EXPECT_TRUE(send(control_, message));
}

std::optional<Message> SupervisorProcess::next() {
  auto message = receive(control_, /*wait=*/true);
  if (!message) return std::nullopt;
  return *std::move(message);
}

Message SupervisorProcess::next_of(MessageType type) {
  while (auto message = next()) {
    if (message->type == type) return *message;
    if (message->descriptor >= 0) close(message->descriptor);
    if (message->type == MessageType::broken) {
      ADD_FAILURE() << message->text;
      return {};
    }
  }
  ADD_FAILURE() << "the supervisor is gone";
  return {};
}

WorkerChannel SupervisorProcess::take_spare(std::int64_t& pid) {
  Message spare = next_of(MessageType::spare);
  pid = spare.numbers[0];
  return WorkerChannel(spare.descriptor);
}

void SupervisorProcess::send_busy(const TemporaryPlace& place, const std::string& id, std::int64_t worker,
                                  std::int64_t limit_ms, std::int64_t console_limit) const {
  share::WorkerKey key{0, 1, 1};
  std::string paths =
      place.file(id, share::progress_name(key)) + "\n" + place.file(id, share::console_name(key));
  tell({MessageType::busy, 0, {worker, limit_ms, console_limit}, paths, -1});
}

void SupervisorProcess::hang_up() {
  if (control_ >= 0) close(std::exchange(control_, -1));
}

int SupervisorProcess::wait() {
  int status = 0;
  waitpid(pid_, &status, 0);
  pid_ = 0;
  return status;
}

bool eventually(const std::function<bool()>& condition) {
  auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

bool is_running(pid_t pid) {
  auto found = system::system_processes().find(pid);
  return found && system::system_processes().is_alive(*found);
}

}  // namespace errand::worker
