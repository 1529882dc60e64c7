#pragma once

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>
#include <string>
#include <vector>

namespace troupe::test {

/// While it lives, what the process logs from level info on goes here.
class captured_log {
public:
  captured_log() {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_mt>(text_);
    auto logger = std::make_shared<spdlog::logger>("captured", sink);
    logger->set_pattern("%l: %v");
    spdlog::set_default_logger(logger);
  }

  captured_log(const captured_log&) = delete;
  captured_log& operator=(const captured_log&) = delete;

  ~captured_log() {
    spdlog::set_default_logger(before_);
  }

  std::vector<std::string> lines() const {
    std::vector<std::string> out;
    std::istringstream in{text_.str()};
    for (std::string line; std::getline(in, line);)
      out.push_back(line);
    return out;
  }

private:
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
  std::ostringstream text_;
};

} // namespace troupe::test
