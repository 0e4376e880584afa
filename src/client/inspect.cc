// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "client/find_job.h"
#include "client/neutralize.h"
#include "client/record_text.h"
#include "errand/job.h"
#include "journal/log_reader.h"
#include "share/names.h"
#include "system/try.h"

namespace errand {
namespace {

using Kind = share::JobFileName::Kind;

bool has_records(Kind kind) {
  return kind != Kind::program && kind != Kind::values && kind != Kind::console && kind != Kind::progress &&
         kind != Kind::printed;
}

void inspect_progress(share::JobDirectory& job, const share::JobFileName& name, const TextSink& sink) {
  auto page = job.progress({name.chunk, name.generation, name.worker});
  if (!page) return sink("  " + page.error().message + "\n");
  sink(fmt::format(
      "  process {} started {} on {} boot {}\n  heartbeat {}, succeeded {}, failed {}, durable {}{}\n",
      page->process.pid, page->process.start, page->process.host, page->process.boot, page->heartbeat,
      page->succeeded, page->failed, page->durable, page->closed ? ", closed" : ""));
  if (page->current_task) {
    sink(fmt::format("  current task {}, attempt {}\n", *page->current_task, page->current_attempt));
  }
}

Result<void> inspect_records(share::JobDirectory& job, const std::string& name, const TextSink& sink) {
  TRY(auto file, job.place().files().open_read(job.path() + "/" + name));
  journal::LogReader reader(std::move(file), name);
  TRY_VOID(reader.refresh([&](const journal::Record& record) -> Result<void> {
    client::describe_record(record, sink);
    return {};
  }));
  if (!reader.dropped().empty()) sink("  dropped: " + reader.dropped() + "\n");
  return {};
}

void inspect_file(share::JobDirectory& job, const share::JobFileName& parsed, const TextSink& sink) {
  const std::string name = to_name(parsed);
  auto info = job.place().files().info(job.path() + "/" + name);
  if (!info) return sink(fmt::format("{}: {}\n", name, info.error().message));
  sink(fmt::format("{} ({} bytes)\n", name, info->size));
  if (info->kind != system::FileInfo::Kind::file) return sink("  refused: it is not a regular file\n");
  if (parsed.kind == Kind::progress) return inspect_progress(job, parsed, sink);
  if (!has_records(parsed.kind)) return;
  if (auto read = inspect_records(job, name, sink); !read) sink("  " + read.error().message + "\n");
}

}  // namespace

Result<void> inspect_job(const JobRef& named, const TextSink& sink) {
  TRY(auto job, client::open_job(named));
  // Whatever a planted name or a record holds, a terminal must not obey it.
  client::Neutralizer neutralizer;
  const TextSink safe = [&](std::string_view text) { sink(neutralizer.pass(text)); };
  safe(fmt::format("job {} in {}\n", job->id(), job->place().path()));
  std::vector<share::JobFileName> names = job->names();
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) {
    return std::tie(a.kind, a.chunk, a.generation, a.worker, a.number, a.reader) <
           std::tie(b.kind, b.chunk, b.generation, b.worker, b.number, b.reader);
  });
  for (const share::JobFileName& name : names) inspect_file(*job, name, safe);
  for (const std::string& stranger : job->strangers()) {
    safe(stranger + ": no file of a job directory of this version\n");
  }
  return {};
}

}  // namespace errand
