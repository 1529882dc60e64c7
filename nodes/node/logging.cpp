#include "nodes/node/logging.hpp"

#include "nodes/node/node_config.hpp"
#include "runtime/core/json_io.hpp"
#include "runtime/core/log_subject.hpp"

#include <spdlog/async.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>

namespace troupe {

namespace {

/// The members "node", "message" and what the line is about: a pattern alone cannot escape them.
class json_members_flag final : public spdlog::custom_flag_formatter {
public:
  void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
    auto members = split_subject({message.payload.data(), message.payload.size()});
    members["node"] = std::string{message.logger_name.data(), message.logger_name.size()};
    auto text = print_json(members);
    // Without the braces: the pattern has them.
    out.append(text.data() + 1, text.data() + text.size() - 1);
  }

  std::unique_ptr<custom_flag_formatter> clone() const override {
    return std::make_unique<json_members_flag>();
  }
};

} // namespace

void set_up_logging(const node_config& config) {
  if (!spdlog::thread_pool())
    spdlog::init_thread_pool(8'192, 1);
  auto sink = std::make_shared<spdlog::sinks::stderr_color_sink_mt>();
  auto logger = std::make_shared<spdlog::async_logger>(config.name, sink, spdlog::thread_pool(),
                                                       spdlog::async_overflow_policy::overrun_oldest);
  logger->set_level(spdlog::level::from_str(config.log_level));
  logger->flush_on(spdlog::level::warn);
  auto formatter = std::make_unique<spdlog::pattern_formatter>();
  if (config.log_format == "json") {
    formatter->add_flag<json_members_flag>('*');
    formatter->set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","thread":%t,%*})");
  } else {
    formatter->set_pattern("%Y-%m-%d %H:%M:%S.%e %^%-7l%$ %n: %v");
  }
  logger->set_formatter(std::move(formatter));
  spdlog::set_default_logger(std::move(logger));
}

void flush_logging() {
  spdlog::default_logger()->flush();
  spdlog::shutdown();
}

} // namespace troupe
