// SPDX-License-Identifier: Apache-2.0
#include <R_ext/Rdynload.h>
#include <R_ext/Visibility.h>

#include "mapped_vector.h"
#include "routines.h"

namespace {

template <class Routine>
constexpr R_CallMethodDef routine(const char* name, Routine* function, int arguments) {
  return {name, reinterpret_cast<DL_FUNC>(function), arguments};
}

}  // namespace

extern "C" attribute_visible void R_init_errand(DllInfo* library) {
  static const R_CallMethodDef routines[] = {
      routine("errand_submit", errand_submit, 3),
      routine("errand_serialized_size", errand_serialized_size, 1),
      routine("errand_results", errand_results, 3),
      routine("errand_partial_results", errand_partial_results, 1),
      routine("errand_decode", errand_decode, 2),
      routine("errand_outcome", errand_outcome, 2),
      routine("errand_status", errand_status, 1),
      routine("errand_wait", errand_wait, 3),
      routine("errand_output", errand_output, 1),
      routine("errand_cancel", errand_cancel, 1),
      routine("errand_retry", errand_retry, 1),
      routine("errand_cleanup", errand_cleanup, 3),
      routine("errand_jobs", errand_jobs, 5),
      routine("errand_info", errand_info, 1),
      routine("errand_find", errand_find, 1),
      routine("errand_payload", errand_payload, 1),
      routine("errand_last", errand_last, 0),
      routine("errand_named_context", errand_named_context, 1),
      routine("errand_context_names", errand_context_names, 0),
      routine("errand_engine_options", errand_engine_options, 1),
      routine("errand_set_context", errand_set_context, 1),
      routine("errand_share_dir", errand_share_dir, 1),
      routine("errand_remember_connection", errand_remember_connection, 1),
      routine("errand_in_database", errand_in_database, 2),
      routine("errand_describe_data", errand_describe_data, 1),
      routine("errand_count_rows", errand_count_rows, 1),
      routine("errand_read_data", errand_read_data, 3),
      routine("errand_open_growing", errand_open_growing, 3),
      routine("errand_reopen_growing", errand_reopen_growing, 1),
      routine("errand_growing_append", errand_growing_append, 2),
      routine("errand_growing_next", errand_growing_next, 2),
      routine("errand_growing_cancel", errand_growing_cancel, 2),
      routine("errand_growing_close", errand_growing_close, 1),
      routine("errand_use_command", errand_use_command, 1),
      routine("errand_run_workers", errand_run_workers, 0),
      routine("errand_catch_quit", errand_catch_quit, 1),
      routine("errand_note_quit", errand_note_quit, 1),
      routine("errand_stream", errand_stream, 2),
      routine("errand_version", errand_version, 0),
      routine("errand_say", errand_say, 1),
      routine("errand_crash", errand_crash, 0),
      {nullptr, nullptr, 0},
  };
  R_registerRoutines(library, nullptr, routines, nullptr, nullptr);
  errand::r::define_mapped_vectors(library);
  R_useDynamicSymbols(library, FALSE);
  R_forceSymbols(library, TRUE);
}
