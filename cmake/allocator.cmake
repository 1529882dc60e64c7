# Messages are made by one thread and dropped by another, all the time: glibc's allocator takes a lock for each of those
# and halves what the whole is able to do (ADR 0007). Off where a sanitizer brings an allocator of its own.
option(TROUPE_JEMALLOC "Link programs with jemalloc" ON)

add_library(troupe_allocator INTERFACE)
if(TROUPE_JEMALLOC)
  pkg_check_modules(JEMALLOC REQUIRED IMPORTED_TARGET jemalloc)
  target_link_libraries(troupe_allocator INTERFACE PkgConfig::JEMALLOC)
  target_sources(troupe_allocator INTERFACE "$<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/cmake/allocator_settings.cpp>")
endif()
