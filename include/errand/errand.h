// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Start here. Submit a function, leave, come back for it:
///
///     #include <errand/errand.h>
///
///     double area(double radius) { return 3.14159 * radius * radius; }
///     const auto area_job = errand::function("area", area);
///
///     int main(int argc, char** argv) {
///       errand::init(argc, argv);                       // workers live and end in here
///       auto context = errand::LocalParallel();
///       context.wait = false;
///       auto job = errand::exec(context, area_job, errand::each(std::vector{1.0, 2.0, 3.0}));
///       if (!job) return 1;
///       puts(job->id().c_str());                        // any later process: errand::Job<double>(id)
///     }
///
/// Read in this order:
///   exec.h             exec, each, times, seed, exec_program
///   job.h              Job<R> and the verbs: status, results, output, wait, cancel, retry, cleanup, jobs
///   job_status.h       the seven words
///   job_result.h       JobResults<R>, TaskFailure
///   compute_context.h  LocalSeq, LocalParallel, named contexts
///   growing_job.h      tasks appended one by one, outcomes as they come
///   function.h         function, init, current_task
///   data_source.h      tables and queries of a database, read into columns
///   random.h           per-task random streams
///   error.h            Result<T>, Error
///   buffer.h           Buffer, Codec
///   quantity.h         durations and sizes as people write them
///   encoding.h         how typed values become bytes
///   database.h         a database made ready to be a place (not included here)
///   doctor.h           what jobs need, looked at (not included here)
///   language.h         what front ends in other languages stand on (not included here)

#include "errand/buffer.h"
#include "errand/compute_context.h"
#include "errand/data_source.h"
#include "errand/encoding.h"
#include "errand/error.h"
#include "errand/exec.h"
#include "errand/function.h"
#include "errand/growing_job.h"
#include "errand/job.h"
#include "errand/job_result.h"
#include "errand/job_status.h"
#include "errand/quantity.h"
#include "errand/random.h"
#include "errand/version.h"
