// SPDX-License-Identifier: Apache-2.0
#include "engine/local/worker_host.h"

#include <sys/mman.h>
#include <unistd.h>

#include "engine/local/running_job.h"
#include "system/try.h"

namespace errand::engine::local {
namespace {

/// A file in memory that holds the orders, for the supervisor to read.
Result<int> spec_file(const worker::StartSpec& spec) {
  std::string bytes = worker::encode(spec);
  int file = memfd_create("errand-start", MFD_CLOEXEC);
  if (file < 0) return system::os_error(errno, "make", "a file in memory", true);
  if (write(file, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      lseek(file, 0, SEEK_SET) != 0) {
    Error failed = system::os_error(errno, "write", "a file in memory", true);
    close(file);
    return failed;
  }
  return file;
}

Result<void> send_spec(int control, const worker::StartSpec& spec) {
  worker::Message start;
  start.type = worker::MessageType::start;
  TRY(start.descriptor, spec_file(spec));
  Result<void> sent = worker::send(control, start);
  close(start.descriptor);
  return sent;
}

worker::Message range_message(worker::MessageType type, const TaskRange& range, std::uint16_t flags) {
  worker::Message message;
  message.type = type;
  message.flags = flags;
  message.numbers[3] = static_cast<std::int64_t>(range.first);
  message.numbers[4] = static_cast<std::int64_t>(range.count);
  message.numbers[5] = range.attempt;
  return message;
}

}  // namespace

Result<std::unique_ptr<WorkerHost>> WorkerHost::start(system::Processes& processes,
                                                      const std::string& command,
                                                      const worker::StartSpec& spec, std::string key) {
  TRY(auto ends, worker::make_channel());
  std::unique_ptr<WorkerHost> host(new WorkerHost);
  host->control = ends[0];
  host->key = std::move(key);
  host->program = spec.argv.empty() ? std::string() : spec.argv.front();
  system::SpawnRequest request;
  request.argv = {command, "--errand-supervise"};
  request.environment = spec.environment;
  request.directory = "/";
  request.keep = {-1, -1, -1, ends[1]};
  request.new_session = true;
  auto pid = processes.spawn(request);
  close(ends[1]);
  if (!pid) return std::move(pid).error();
  host->supervisor = *pid;
  TRY_VOID(send_spec(host->control, spec));
  return host;
}

WorkerHost::~WorkerHost() {
  close_worker_channel();
  if (control >= 0) {
    worker::Message retire;
    retire.type = worker::MessageType::retire;
    (void)worker::send(control, retire);
    close(control);
  }
}

void WorkerHost::close_worker_channel() {
  if (channel >= 0) close(channel);
  channel = -1;
}

Result<void> WorkerHost::begin(RunningJob& given, const TaskRange& first, std::uint16_t flags,
                               std::int64_t now) {
  job = &given;
  worker = given.next_worker();
  state = State::busy;
  closed = finishing = stop_asked = false;
  range = first;
  range_began = now;
  share::Place& place = given.directory().place();
  worker::Message order = range_message(worker::MessageType::job, first, flags);
  order.numbers[0] = worker.chunk;
  order.numbers[1] = worker.generation;
  order.numbers[2] = worker.worker;
  order.text = place.path() + "\n" + given.id();
  TRY_VOID(worker::send(channel, order));
  finishing = (flags & worker::range_last) != 0;
  const ComputeContext& context = given.manifest().context;
  worker::Message busy;
  busy.type = worker::MessageType::busy;
  busy.numbers[0] = worker_pid;
  busy.numbers[1] = context.task_time_limit.count();
  busy.numbers[2] = static_cast<std::int64_t>(context.console_limit);
  std::string directory = place.files().absolute(given.directory().path());
  busy.text =
      directory + "/" + share::progress_name(worker) + "\n" + directory + "/" + share::console_name(worker);
  return worker::send(control, busy);
}

Result<void> WorkerHost::hand(const TaskRange& next, std::uint16_t flags, std::int64_t now) {
  range = next;
  range_began = now;
  stop_asked = false;
  finishing = (flags & worker::range_last) != 0;
  return worker::send(channel, range_message(worker::MessageType::range, next, flags));
}

Result<void> WorkerHost::finish() {
  finishing = true;
  worker::Message message;
  message.type = worker::MessageType::finish;
  return worker::send(channel, message);
}

void WorkerHost::kill_worker() {
  worker::Message message;
  message.type = worker::MessageType::kill;
  message.numbers[0] = worker_pid;
  (void)worker::send(control, message);
}

void WorkerHost::stop_range(system::Files& files, const std::string& progress_path) {
  stop_asked = true;
  share::ask_to_stop(files, progress_path);
}

}  // namespace errand::engine::local
