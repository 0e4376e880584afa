// SPDX-License-Identifier: Apache-2.0
#include "engine/scheduler/array_plan.h"
#include "engine/scheduler/handover.h"
#include "engine/scheduler/scheduler_engine.h"
#include "share/names.h"
#include "system/try.h"

namespace errand::engine::scheduler {
namespace {

std::string counted(std::uint64_t number, const std::string& what) {
  return std::to_string(number) + " " + what + (number == 1 ? "" : "s");
}

}  // namespace

Result<SubmissionPreview> SchedulerEngine::preview(const std::string& share_dir,
                                                   const share::Manifest& manifest, std::uint64_t tasks) {
  TRY_VOID(check_options(manifest.context, dialect_));
  // Not by the shared answers: those are kept in a file.
  TRY(Answer configuration, run(dialect_.limits(), query_patience));
  TRY(SiteLimits limits, dialect_.read_limits(configuration));
  TRY(ArrayPlan plan, plan_array(manifest, tasks, limits));
  ArrayRequest request;
  request.name = scheduler_job_name(manifest.id, 1);
  request.job = manifest.id;
  request.share_dir = share_dir;
  request.output = share_dir + "/" + share::job_path(manifest.id) + "/printed.1";
  request.elements = plan.elements;
  request.workers = plan.workers;
  request.options = manifest.context.engine_options;
  TRY(Handover handover, compose(dialect_, std::move(request)));
  SubmissionPreview preview;
  preview.summary = counted(tasks, "task") + " in an array of " + counted(plan.elements, "element") +
                    (plan.workers > 1 ? ", " + counted(plan.workers, "task") + " at a time in each" : "") +
                    ".";
  preview.argv = std::move(handover.command.argv);
  preview.script = std::move(handover.script);
  preview.template_origin = std::move(handover.template_origin);
  return preview;
}

}  // namespace errand::engine::scheduler
