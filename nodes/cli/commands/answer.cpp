#include "nodes/cli/commands.hpp"
#include "nodes/cli/session.hpp"

#include <cstdlib>
#include <memory>
#include <ostream>

namespace troupe::cli {

namespace {

struct values {
  session_flags session;
  std::string run_id;
  std::string question;
  std::string content;
  std::string who;
};

exit_code answer(values& x, console& io) {
  auto content = json::parse(x.content, nullptr, false);
  // The two words that nearly every answer is.
  if (x.content == "current" || x.content == "proposed")
    content = {{"keep", x.content}};
  if (content.is_discarded() || !content.is_object()) {
    io.err << "troupe: the answer must be current, proposed, or {\"value\": …}\n";
    return exit_code::bad_input;
  }
  auto to = session::open(x.session, io);
  if (!to)
    return to.error();
  auto done = (*to)->answer(x.run_id, x.question, content, x.who);
  if (!done)
    return complain(io, done.error());
  if (x.session.as_json)
    io.out << json{{"run_id", x.run_id}, {"question", x.question}}.dump() << '\n';
  return exit_code::done;
}

} // namespace

command answer_command() {
  auto x = std::make_shared<values>();
  command out{
      .name = "answer",
      .summary = "Settle a question that a team waits for (on_conflict: human)",
      .arguments =
          {{.names = "run", .target = &x->run_id, .help = "Its id", .value = "RUN", .required = true},
           {.names = "question",
            .target = &x->question,
            .help = "Its id, as `troupe show` prints it",
            .value = "QUESTION",
            .required = true},
           {.names = "answer",
            .target = &x->content,
            .help = "current, proposed, or {\"value\": …}",
            .value = "ANSWER",
            .required = true},
           {.names = "--who", .target = &x->who, .help = "Whose decision it is, for the journal", .value = "NAME"}},
      .examples = "  troupe answer 01JD2M3V q-1 proposed\n",
      .run = [x](console& io) { return answer(*x, io); },
  };
  for (auto& arg : session_arguments(x->session))
    out.arguments.push_back(std::move(arg));
  return out;
}

} // namespace troupe::cli
