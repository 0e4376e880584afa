// SPDX-License-Identifier: Apache-2.0
#include "context_fields.h"
#include "routines.h"

using namespace errand;
using namespace errand::r;

/// The fields of a context of that name: a built-in one or one of the configuration file.
extern "C" SEXP errand_named_context(SEXP name) {
  return call_body([&] {
    Result<ComputeContext> context = make_compute_context(text_of(name));
    return cpp11::unwind_protect(
        [&]() -> SEXP { return context ? context_to_r(*context) : error_to_r(context.error()); });
  });
}

extern "C" SEXP errand_context_names() {
  return call_body([&] {
    Result<std::vector<NamedContext>> all = list_compute_contexts();
    std::vector<std::string> names;
    if (all) {
      for (const NamedContext& named : *all) names.push_back(named.name);
    }
    return cpp11::unwind_protect([&]() -> SEXP { return all ? texts_to_r(names) : error_to_r(all.error()); });
  });
}

/// The options that an engine understands; a failure where this errand has no such engine.
extern "C" SEXP errand_engine_options(SEXP engine) {
  return call_body([&] {
    Result<std::vector<std::string>> names = language::engine_options(text_of(engine));
    return cpp11::unwind_protect(
        [&]() -> SEXP { return names ? texts_to_r(*names) : error_to_r(names.error()); });
  });
}

/// Puts a context in force for the verbs' search of a job named by its id alone.
extern "C" SEXP errand_set_context(SEXP context) {
  return call_body([&] {
    set_compute_context(context_of(context));
    return R_NilValue;
  });
}

extern "C" SEXP errand_share_dir(SEXP context) {
  return call_body([&] {
    std::string path = resolve_share_dir(context_of(context));
    return cpp11::unwind_protect([&]() -> SEXP { return text_to_r(path); });
  });
}

extern "C" SEXP errand_use_command(SEXP path) {
  return call_body([&] {
    language::use_command(text_of(path));
    return R_NilValue;
  });
}
