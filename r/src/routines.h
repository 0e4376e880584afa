// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cpp11/R.hpp>

#include "errand/language.h"

/// What R calls; each routine is documented where it is defined, and R/core.R wraps it.
extern "C" {
SEXP errand_submit(SEXP context, SEXP call, SEXP options);
SEXP errand_serialized_size(SEXP object);
SEXP errand_results(SEXP job, SEXP console_output, SEXP auto_cleanup);
SEXP errand_partial_results(SEXP job);
SEXP errand_decode(SEXP codec, SEXP bytes);
SEXP errand_outcome(SEXP job, SEXP task);
SEXP errand_status(SEXP job);
SEXP errand_wait(SEXP job, SEXP timeout, SEXP progress);
SEXP errand_output(SEXP job);
SEXP errand_cancel(SEXP job);
SEXP errand_retry(SEXP job);
SEXP errand_cleanup(SEXP jobs, SEXP force, SEXP verbose);
SEXP errand_jobs(SEXP context, SEXP exact, SEXP start, SEXP end, SEXP states);
SEXP errand_info(SEXP job);
SEXP errand_find(SEXP job);
SEXP errand_payload(SEXP job);
SEXP errand_last();
SEXP errand_named_context(SEXP name);
SEXP errand_context_names();
SEXP errand_engine_options(SEXP engine);
SEXP errand_set_context(SEXP context);
SEXP errand_share_dir(SEXP context);
SEXP errand_remember_connection(SEXP parts);
SEXP errand_in_database(SEXP uri, SEXP context);
SEXP errand_describe_data(SEXP source);
SEXP errand_count_rows(SEXP source);
SEXP errand_read_data(SEXP source, SEXP rows, SEXP function);
SEXP errand_open_growing(SEXP context, SEXP call, SEXP options);
SEXP errand_reopen_growing(SEXP job);
SEXP errand_growing_append(SEXP growing, SEXP value);
SEXP errand_growing_next(SEXP growing, SEXP timeout);
SEXP errand_growing_cancel(SEXP growing, SEXP task);
SEXP errand_growing_close(SEXP growing);
SEXP errand_use_command(SEXP path);
SEXP errand_run_workers();
SEXP errand_catch_quit(SEXP function);
SEXP errand_note_quit(SEXP status);
SEXP errand_stream(SEXP state, SEXP index);
SEXP errand_version();
SEXP errand_say(SEXP text);
SEXP errand_crash();
}

namespace errand::r {

/// R's description of a call as the core wants it. Throws cpp11::unwind_exception.
[[nodiscard]] language::Call call_of(SEXP fields);

}  // namespace errand::r
