#include "nodes/node/process_metrics.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

namespace troupe {

namespace {

prometheus::MetricFamily family(const char* name, const char* help, prometheus::MetricType type, double value) {
  prometheus::MetricFamily out;
  out.name = name;
  out.help = help;
  out.type = type;
  prometheus::ClientMetric metric;
  if (type == prometheus::MetricType::Counter)
    metric.counter.value = value;
  else
    metric.gauge.value = value;
  out.metric.push_back(std::move(metric));
  return out;
}

/// Fields of /proc/self/stat from the third on (proc(5)); the second one, the command, may hold blanks.
std::vector<std::string> stat_fields() {
  std::ifstream file{"/proc/self/stat"};
  std::string text{std::istreambuf_iterator<char>{file}, {}};
  auto end = text.rfind(')');
  if (end == std::string::npos)
    return {};
  std::istringstream rest{text.substr(end + 1)};
  return {std::istream_iterator<std::string>{rest}, {}};
}

double boot_time() {
  std::ifstream file{"/proc/stat"};
  std::string line;
  while (std::getline(file, line))
    if (line.rfind("btime ", 0) == 0)
      return std::stod(line.substr(6));
  return 0;
}

double count_entries(const char* path) {
  auto* directory = opendir(path);
  if (directory == nullptr)
    return 0;
  double count = 0;
  while (auto* entry = readdir(directory))
    if (entry->d_name[0] != '.')
      ++count;
  closedir(directory);
  // The descriptor that reads the folder is one of them.
  return count - 1;
}

} // namespace

std::vector<prometheus::MetricFamily> process_metrics::Collect() const {
  using prometheus::MetricType;
  std::vector<prometheus::MetricFamily> out;
  auto fields = stat_fields();
  // utime 14, stime 15, num_threads 20, starttime 22, vsize 23, rss 24 of proc(5); ours begin at 3.
  if (fields.size() > 21) {
    auto number = [&](size_t index) { return std::stod(fields[index - 3]); };
    auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
    out.push_back(family("process_cpu_seconds_total", "User and system CPU time.", MetricType::Counter,
                         (number(14) + number(15)) / ticks));
    out.push_back(family("process_start_time_seconds", "Start of the process since the Unix epoch.", MetricType::Gauge,
                         boot_time() + number(22) / ticks));
    out.push_back(family("process_threads", "Threads of the process.", MetricType::Gauge, number(20)));
    out.push_back(family("process_virtual_memory_bytes", "Virtual memory size.", MetricType::Gauge, number(23)));
    out.push_back(
        family("process_resident_memory_bytes", "Resident memory size.", MetricType::Gauge, number(24) * page));
  }
  out.push_back(
      family("process_open_fds", "Open file descriptors.", MetricType::Gauge, count_entries("/proc/self/fd")));
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0)
    out.push_back(family("process_max_fds", "Most open file descriptors.", MetricType::Gauge,
                         static_cast<double>(limit.rlim_cur)));
  return out;
}

} // namespace troupe
