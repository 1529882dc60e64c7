# Debian's libcaf-dev brings no CMake package, so these targets are made by hand: CAF::core. CAF_ROOT says where another
# build of it is (scripts/build-tsan-caf).
find_package(Threads REQUIRED)
find_path(CAF_INCLUDE_DIR caf/all.hpp)
find_library(CAF_CORE_LIBRARY NAMES caf_core caf_core_static NAMES_PER_DIR)

if(CAF_INCLUDE_DIR)
  file(STRINGS "${CAF_INCLUDE_DIR}/caf/config.hpp" caf_version_line REGEX "define CAF_VERSION ")
  string(REGEX REPLACE ".*CAF_VERSION ([0-9]+).*" "\\1" caf_version_number "${caf_version_line}")
  math(EXPR caf_major "${caf_version_number} / 10000")
  math(EXPR caf_minor "${caf_version_number} / 100 % 100")
  math(EXPR caf_patch "${caf_version_number} % 100")
  set(CAF_VERSION "${caf_major}.${caf_minor}.${caf_patch}")
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(CAF REQUIRED_VARS CAF_INCLUDE_DIR CAF_CORE_LIBRARY VERSION_VAR CAF_VERSION)

if(CAF_FOUND AND NOT TARGET CAF::core)
  add_library(CAF::core UNKNOWN IMPORTED)
  set_target_properties(CAF::core PROPERTIES
    IMPORTED_LOCATION "${CAF_CORE_LIBRARY}"
    INTERFACE_INCLUDE_DIRECTORIES "${CAF_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES Threads::Threads)
  # A spawn without arguments makes a reference to no tuple (detail/init_fun_factory.hpp), which nobody reads; libstdc++ with
  # assertions ends the program for it. What does not include CAF keeps them.
  if(CAF_VERSION VERSION_LESS 0.18 AND "${CMAKE_CXX_FLAGS_DEBUG}" MATCHES "-D_GLIBCXX_ASSERTIONS")
    set_target_properties(CAF::core PROPERTIES INTERFACE_COMPILE_OPTIONS -U_GLIBCXX_ASSERTIONS)
  endif()
endif()
