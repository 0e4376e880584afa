# SPDX-License-Identifier: Apache-2.0
# src/database/schema/NNNN_NAME.sql as one source file: the steps that `errand database init` takes, by number.
# Written while configuring; a changed or new step configures again.

file(GLOB errand_schema_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/database/schema/*.sql")
list(SORT errand_schema_files)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${errand_schema_files})

set(errand_schema_steps "")
foreach(file IN LISTS errand_schema_files)
  cmake_path(GET file STEM name)
  if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_[a-z_]+$")
    message(FATAL_ERROR "${file}: a step of the schema is named NNNN_NAME.sql")
  endif()
  string(REGEX REPLACE "^0*([0-9]+)_.*" "\\1" number "${name}")
  file(READ "${file}" sql)
  string(APPEND errand_schema_steps "    {${number}, \"${name}\", R\"errand_sql(${sql})errand_sql\"},\n")
endforeach()

set(errand_schema_source "${PROJECT_BINARY_DIR}/generated/schema_steps.cc")
file(CONFIGURE OUTPUT "${errand_schema_source}" @ONLY CONTENT [=[
// SPDX-License-Identifier: Apache-2.0
// Made by cmake/database_schema.cmake of src/database/schema/*.sql.
#include "database/schema_step.h"

namespace errand::database {

const std::vector<SchemaStep>& schema_steps() {
  static const std::vector<SchemaStep> steps = {
@errand_schema_steps@  };
  return steps;
}

}  // namespace errand::database
]=])
