// jemalloc reads this name when a program starts.
extern "C" {

/// A wide run touches a hundred megabytes in no order: with large pages, where the kernel leaves the choice to
/// programs, a tenth of that time is saved.
extern const char* malloc_conf;
const char* malloc_conf = "thp:always";
}
