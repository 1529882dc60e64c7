#include "nodes/cli/commands.hpp"
#include "nodes/cli/documents.hpp"
#include "nodes/cli/format.hpp"
#include "nodes/cli/proto_json.hpp"
#include "nodes/cli/session.hpp"

#include <memory>
#include <ostream>

namespace troupe::cli {

namespace {

struct send_values {
  session_flags session;
  std::string agent;
  std::optional<std::string> content;
  std::string timeout = "30s";
  bool no_reply = false;
};

exit_code send(send_values& x, console& io) {
  auto deadline = read_duration(x.timeout);
  if (!deadline)
    return complain(io, deadline.error());
  auto content = read_input(x.content, io.in);
  if (!content)
    return complain(io, content.error());
  auto to = session::open(x.session, io);
  if (!to)
    return to.error();
  v1::AgentMessage message;
  message.set_to(x.agent);
  message.mutable_content()->set_content_type("application/json");
  message.mutable_content()->set_data(content->dump());
  if (x.no_reply) {
    auto sent = (*to)->send(std::move(message));
    return sent ? exit_code::done : complain(io, sent.error());
  }
  auto answer = (*to)->request(std::move(message), *deadline);
  if (!answer)
    return complain(io, answer.error());
  auto success = answer->status() == v1::TASK_STATUS_SUCCESS;
  if (x.session.as_json) {
    io.out << to_json(*answer).dump(2) << '\n';
  } else if (success) {
    auto output = to_json(answer->output());
    io.out << (output.is_string() ? output.get<std::string>() : output.dump(2)) << '\n';
  } else {
    io.err << "troupe: the agent failed: " << printable(answer->error().message()) << '\n';
  }
  return success ? exit_code::done : exit_code::failed;
}

} // namespace

command send_command() {
  auto x = std::make_shared<send_values>();
  command out{
      .name = "send",
      .summary = "Send a message to an agent, outside of any workflow, and print its answer",
      .arguments =
          {{.names = "agent",
            .target = &x->agent,
            .help = "Its name, or capability:NAME for any agent that has it",
            .value = "AGENT",
            .required = true},
           {.names = "content",
            .target = &x->content,
            .help = "The message: JSON, @file, or - for standard input",
            .value = "JSON|@FILE|-"},
           {.names = "--timeout", .target = &x->timeout, .help = "Deadline (default 30s)", .value = "DURATION"},
           {.names = "--no-reply", .target = &x->no_reply, .help = "Do not wait for an answer"}},
      .examples = "  troupe send text.keywords '{\"text\": \"actors send messages\"}'\n"
                  "  troupe send capability:summary @article.json --timeout 2m\n",
      .run = [x](console& io) { return send(*x, io); },
  };
  for (auto& arg : session_arguments(x->session))
    out.arguments.push_back(std::move(arg));
  return out;
}

} // namespace troupe::cli
