# SPDX-License-Identifier: Apache-2.0
# cmake --install: library, headers, command, find_package(errand) and pkg-config.

include(CMakePackageConfigHelpers)
set(errand_config_dir "${CMAKE_INSTALL_LIBDIR}/cmake/errand")

install(TARGETS errand EXPORT errandTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/errand DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
if(TARGET errand_command)
  install(TARGETS errand_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  if(BUILD_SHARED_LIBS)
    file(RELATIVE_PATH errand_rpath "${CMAKE_INSTALL_FULL_BINDIR}" "${CMAKE_INSTALL_FULL_LIBDIR}")
    set_target_properties(errand_command PROPERTIES INSTALL_RPATH "$ORIGIN/${errand_rpath}")
  endif()
endif()

install(EXPORT errandTargets NAMESPACE errand:: DESTINATION ${errand_config_dir})
configure_package_config_file(cmake/errandConfig.cmake.in "${PROJECT_BINARY_DIR}/errandConfig.cmake"
  INSTALL_DESTINATION ${errand_config_dir})
write_basic_package_version_file("${PROJECT_BINARY_DIR}/errandConfigVersion.cmake"
  COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/errandConfig.cmake" "${PROJECT_BINARY_DIR}/errandConfigVersion.cmake"
  DESTINATION ${errand_config_dir})

# A static library leaves its own libraries to whoever links it; a shared one brings them.
set(errand_pc_libs "-lfmt -lspdlog -pthread")
if(BUILD_SHARED_LIBS)
  set(errand_pc_public "")
  set(errand_pc_private "${errand_pc_libs}")
else()
  set(errand_pc_public " ${errand_pc_libs}")
  set(errand_pc_private "")
endif()
# Relative, so that an installed tree can be moved.
file(RELATIVE_PATH errand_pc_prefix
  "${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig" "${CMAKE_INSTALL_PREFIX}")
string(REGEX REPLACE "/$" "" errand_pc_prefix "${errand_pc_prefix}")
configure_file(errand.pc.in "${PROJECT_BINARY_DIR}/errand.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/errand.pc" DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

if(EXISTS "${PROJECT_SOURCE_DIR}/src/cli/completion.bash")
  install(FILES src/cli/completion.bash
    DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME errand)
endif()
if(EXISTS "${PROJECT_SOURCE_DIR}/dist/errand-launchpad.service.in")
  configure_file(dist/errand-launchpad.service.in "${PROJECT_BINARY_DIR}/errand-launchpad.service" @ONLY)
  install(FILES "${PROJECT_BINARY_DIR}/errand-launchpad.service" dist/errand-launchpad.sysusers
    DESTINATION ${CMAKE_INSTALL_DATADIR}/errand)
endif()
file(GLOB errand_manuals CONFIGURE_DEPENDS "docs/man/*.1")
if(errand_manuals)
  install(FILES ${errand_manuals} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
endif()
