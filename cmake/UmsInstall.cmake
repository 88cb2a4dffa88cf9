# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install` puts where: headers, the libraries, pkg-config files, CMake package.
# Included by ums_api/CMakeLists.txt.
include(CMakePackageConfigHelpers)

install(DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR}/include/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
add_custom_target(ums-installed) # everything that is installed
add_dependencies(ums-installed ums ums_static ums_sim ums_preload ums_simulated_preload)
install(TARGETS ums ums_static ums_sim EXPORT ums-targets)
if(TARGET ums_instrumented)
  install(TARGETS ums_instrumented EXPORT ums-targets)
  add_dependencies(ums-installed ums_instrumented)
endif()
# In a folder of its own, where neither linkers nor ldconfig look.
install(TARGETS ums_preload ums_simulated_preload LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/ums)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ums)
install(EXPORT ums-targets NAMESPACE ums:: DESTINATION ${package_dir})
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/ums-config.cmake.in
  ${PROJECT_BINARY_DIR}/ums-config.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/ums-config-version.cmake
  COMPATIBILITY SameMajorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ums-config.cmake ${PROJECT_BINARY_DIR}/ums-config-version.cmake
  DESTINATION ${package_dir})

# The prefix is found from the file's own place, so that an installed tree can be moved.
file(RELATIVE_PATH UMS_PC_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
function(ums_pkg_config name library private)
  set(UMS_PC_NAME lib${library})
  set(UMS_PC_LIBRARY ${library})
  set(UMS_PC_PRIVATE ${private})
  configure_file(${PROJECT_SOURCE_DIR}/cmake/ums.pc.in ${PROJECT_BINARY_DIR}/${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()
set(private "-lboost_context -lstdc++ -lm")
ums_pkg_config(libums ums "${private}")
ums_pkg_config(ums ums "${private}")
ums_pkg_config(libums-sim ums-sim "")
