// jemalloc reads this name when a program starts.

/// A wide run touches a hundred megabytes in no order: with large pages, where the kernel leaves the choice to
/// programs, a quarter of that time is saved.
extern "C" const char* malloc_conf = "thp:always";
