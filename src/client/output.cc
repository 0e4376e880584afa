// SPDX-License-Identifier: Apache-2.0
#include "client/console_text.h"
#include "client/find_job.h"
#include "client/follow_output.h"
#include "client/neutralize.h"
#include "errand/job.h"
#include "system/try.h"

namespace errand {

Result<void> get_job_output(const JobRef& named, const TextSink& sink, const OutputOptions& options) {
  TRY(auto job, client::open_job(named));
  client::Neutralizer neutralizer;
  const TextSink visible = [&](std::string_view text) { sink(neutralizer.pass(text)); };
  const TextSink& out = options.neutralize ? visible : sink;
  if (options.follow) return client::follow_output(*job, out, options.task);
  TRY(client::ConsoleText text, client::ConsoleText::gather(*job, options.task));
  return text.write(out, options.next_task);
}

Result<std::string> get_job_output(const JobRef& job) {
  std::string all;
  TRY_VOID(get_job_output(job, [&all](std::string_view text) { all += text; }));
  return all;
}

}  // namespace errand
