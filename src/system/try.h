// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "errand/error.h"

// TRY(auto value, call());  binds the value of a Result, or returns its error from this function.
// TRY_VOID(call());         the same for a Result<void>.
#define ERRAND_JOIN_(a, b) a##b
#define ERRAND_JOIN(a, b) ERRAND_JOIN_(a, b)
#define ERRAND_TRY_(temporary, declaration, call)      \
  auto temporary = (call);                             \
  if (!temporary) return std::move(temporary).error(); \
  declaration = *std::move(temporary)
#define TRY(declaration, ...) ERRAND_TRY_(ERRAND_JOIN(result_, __LINE__), declaration, (__VA_ARGS__))
#define TRY_VOID(...)                                                                 \
  do {                                                                                \
    if (auto outcome_ = (__VA_ARGS__); !outcome_) return std::move(outcome_).error(); \
  } while (false)
