# `cmake --install` and the package that find_package(troupe) finds. One target for users: troupe::troupe, the client
# library and what is needed to make a node of one's own.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

set(troupe_package_dir "${CMAKE_INSTALL_LIBDIR}/cmake/troupe")
set(troupe_include_dir "${CMAKE_INSTALL_INCLUDEDIR}/troupe")

# What users link.
add_library(troupe_all INTERFACE)
set_target_properties(troupe_all PROPERTIES EXPORT_NAME troupe)
add_library(troupe::troupe ALIAS troupe_all)

set(troupe_libraries
  troupe_options troupe_allocator troupe_proto troupe_runtime troupe_messages troupe_actors troupe_client troupe_node troupe_cli)
target_link_libraries(troupe_all INTERFACE troupe_client troupe_node troupe_cli troupe_allocator)

# Ours are found as in the source tree ("runtime/core/json.hpp"), generated ones as "troupe/v1/run.pb.h".
target_include_directories(troupe_options INTERFACE "$<INSTALL_INTERFACE:${troupe_include_dir}>")
target_include_directories(troupe_proto INTERFACE "$<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>")

install(TARGETS troupe_all ${troupe_libraries} EXPORT troupe ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
install(TARGETS troupe RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}")
install(EXPORT troupe NAMESPACE troupe:: DESTINATION "${troupe_package_dir}" FILE troupeTargets.cmake)
foreach(folder IN ITEMS runtime messages actors nodes/client nodes/node nodes/cli)
  install(DIRECTORY "${folder}/" DESTINATION "${troupe_include_dir}/${folder}" FILES_MATCHING PATTERN "*.hpp")
endforeach()
install(DIRECTORY "${PROJECT_SOURCE_DIR}/nodes/include/troupe/" DESTINATION "${troupe_include_dir}")
install(DIRECTORY "${PROJECT_BINARY_DIR}/proto/generated/troupe/" DESTINATION "${troupe_include_dir}"
  FILES_MATCHING PATTERN "*.pb.h")
install(DIRECTORY proto/ DESTINATION "${CMAKE_INSTALL_DATADIR}/troupe/proto" FILES_MATCHING PATTERN "*.proto")

configure_package_config_file(cmake/troupeConfig.cmake.in "${PROJECT_BINARY_DIR}/troupeConfig.cmake"
  INSTALL_DESTINATION "${troupe_package_dir}")
write_basic_package_version_file("${PROJECT_BINARY_DIR}/troupeConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES
  "${PROJECT_BINARY_DIR}/troupeConfig.cmake"
  "${PROJECT_BINARY_DIR}/troupeConfigVersion.cmake"
  cmake/FindCAF.cmake
  DESTINATION "${troupe_package_dir}")
